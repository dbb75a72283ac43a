"""A page with a real core behind it, in a process of its own, that does what the tests say.

Nodes and clients are played: all that the core wants done is done at once. Each line on standard
input is Python that sees `play`; the answer is a line of JSON.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import logging  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from gevent import fileobject  # noqa: E402

from gsched.core import effects as wanted  # noqa: E402
from gsched.core.admission import Opening  # noqa: E402
from gsched.core.fleet import NodeFacts  # noqa: E402
from gsched.core.model.job import End, State  # noqa: E402
from gsched.core.model.lease import Allocation  # noqa: E402
from gsched.core.scheduler import Scheduler  # noqa: E402
from gsched.core.seen.snapshot import snapshot  # noqa: E402
from gsched.httpd import app as page  # noqa: E402
from gsched.httpd.access import roles  # noqa: E402
from gsched.httpd.api.reading import Api  # noqa: E402
from gsched.httpd.server import PageServer  # noqa: E402

MIB = 2**20
GIB = 2**30


class Play:
    """The scheduler, and those who do what it wants."""

    def __init__(self) -> None:
        self.problem: Any = ""
        self.epoch, self.version, self.began = "first", "0.1.0", time.time()
        self.clear()

    def clear(self) -> None:
        """Begin anew, without nodes, clusters and jobs."""
        self.scheduler = Scheduler("fair", first_id=2**55)
        self.trouble = self.locked = False
        self.more: dict[str, Any] = {}

    def snapshot(self) -> dict[str, Any]:
        """As server.py makes it."""
        if self.trouble:
            raise RuntimeError("the test wants trouble")
        now = time.time()
        return snapshot(self.scheduler, now) | {
            "version": self.version,
            "epoch": self.epoch,
            "time": now,
            "uptime": now - self.began,
            "refused": [],
            "problem": self.problem,
            "limits": {"max_connections": [3, 2048], "max_spool_size": [0, 10 * GIB]},
            "listens": ["127.0.0.1:51347 nodes", "127.0.0.1:51349 clients"],
            "client_program": "import dispy\ncluster = dispy.SharedJobCluster(compute)",
            "node_command": "pip install dispy\ndispynode.py --daemon",
            **self.more,
        }

    def identify(self, environ: dict[str, Any]) -> roles.Actor | None:
        """Everybody may all, or nobody is known."""
        return None if self.locked else roles.everybody(environ)

    # -- what happens -------------------------------------------------------------------------

    def do(self, event: str, *arguments: Any, **named: Any) -> None:
        """An event, and all that follows from it."""
        effects = list(getattr(self.scheduler, event)(*arguments, now=time.time(), **named) or [])
        for effect in effects:
            self._carry_out(effect)

    def _carry_out(self, effect: Any) -> None:
        if isinstance(effect, wanted.TellScheduled):
            self.do("cluster_started", effect.cluster)
        elif isinstance(effect, wanted.SetUp):
            self.do("lease_ready", effect.lease, 0)
        elif isinstance(effect, wanted.Close):
            self.do("lease_closed", effect.lease)
        elif isinstance(effect, wanted.SendJob):
            self.do("started", effect.job.uid, effect.job.tries)
        elif isinstance(effect, wanted.SendResult):
            self.do("delivered", effect.job.uid)

    def node(self, number: int, cpus: int = 4, name: str = "") -> Any:
        """A node joins."""
        address = f"10.{20 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
        facts = NodeFacts(
            address=address, port=51348, name=name or f"node{number}", cpus=cpus, identity="1"
        )
        self.do("node_joined", facts)
        avail = {"cpu": 71.0, "memory": 3 * GIB, "disk": 2**40, "swap": 100.0}
        self.do("node_heard", address, avail)
        return self.scheduler.nodes[address]

    def cluster(self, name: str = "compute", client: str = "10.9.9.9", **more: Any) -> Any:
        """A client opens a cluster."""
        wishes = [Allocation(host) for host in more.pop("hosts", ("*",))]
        opening = Opening(name=name, client=client, allocations=wishes, **more)
        cluster = self.scheduler.cluster_opened(opening, time.time())
        self.do("cluster_scheduled", cluster)
        return cluster

    def submit(self, cluster: Any, jobs: int = 1) -> list[str]:
        """A client submits jobs; their uids."""
        uids = []
        for _ in range(jobs):
            job = self.scheduler.offered(cluster, None, "message", time.time())
            self.do("accepted", job.uid)
            uids.append(str(job.uid))
        return uids

    def finish(self, jobs: int = 1) -> None:
        """Jobs that run longest end well."""
        running = [job for job in self.scheduler.jobs.values() if job.state is State.RUNNING]
        for job in running[:jobs]:
            self.do("finished", job.uid, job.node.address, End.FINISHED, "reply", 1.5)

    def end(self, uid: str) -> None:
        """A job ends well."""
        job = self.scheduler.jobs[int(uid)]
        self.do("finished", job.uid, job.node.address, End.FINISHED, "reply", 1.5)


def serve(port: int, logfile: str) -> None:
    """Serve until SIGTERM."""
    logging.basicConfig(filename=logfile, level=logging.INFO)
    play = Play()

    class Book:
        """Of the scheduler that is there now."""

        def __getattr__(self, name: str) -> Any:
            return getattr(play.scheduler.book, name)

    api = Api(Book(), time.time, lambda: play.problem)  # type: ignore[arg-type]
    application = page.build(play.snapshot, parts=[api], identify=play.identify)
    server = PageServer("127.0.0.1", port, application)
    server.start()
    commands = fileobject.FileObject(sys.stdin.buffer, "rb", bufsize=0)
    reader = gevent.spawn(obey, commands, {"play": play, "page": application})
    gevent.signal_handler(signal.SIGTERM, reader.kill)
    print(json.dumps(server.url), flush=True)
    reader.join()
    application.close()
    server.stop(1.0)


def obey(commands: Any, names: dict[str, Any]) -> None:
    """Run each line; say what `answer` is then."""
    while line := commands.readline():
        names["answer"] = None
        exec(json.loads(line), names)
        print(json.dumps(names["answer"]), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
