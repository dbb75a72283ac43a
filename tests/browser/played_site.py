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
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterable  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from types import SimpleNamespace  # noqa: E402
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
from gsched.history.happenings import Happenings  # noqa: E402
from gsched.history.recorder import Recorder  # noqa: E402
from gsched.httpd import app as page  # noqa: E402
from gsched.httpd.access import roles  # noqa: E402
from gsched.httpd.access.login import Login  # noqa: E402
from gsched.httpd.api.acts.acting import Acting  # noqa: E402
from gsched.httpd.api.acts.audit import Audit  # noqa: E402
from gsched.httpd.api.hours import ServiceHours  # noqa: E402
from gsched.httpd.api.past.answers import Past  # noqa: E402
from gsched.httpd.api.reading import Api  # noqa: E402
from gsched.httpd.server import PageServer  # noqa: E402
from gsched.net.exchange import Exchange  # noqa: E402
from gsched.net.keeping.keeper import Forgetful  # noqa: E402
from gsched.net.nodes.hours import Hours  # noqa: E402
from gsched.store.audit import AuditFile  # noqa: E402
from gsched.store.history import Ended, History  # noqa: E402

MIB = 2**20
GIB = 2**30


class Latest:
    """Stands for what `get` returns at that moment: a test may begin anew with another one."""

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get(), name)


class Play:
    """The scheduler, and those who do what it wants."""

    def __init__(self, folder: Path) -> None:
        self.problem: Any = ""
        self.epoch, self.version, self.began = "first", "0.1.0", time.time()
        self._folder, self._recorder = folder, None
        self.happenings = Happenings()
        logging.getLogger("gsched").addHandler(self.happenings)
        core: Any = Latest(lambda: self.scheduler)
        core.book, core.actions = (
            Latest(lambda: self.scheduler.book),
            Latest(lambda: self.scheduler.actions),
        )
        self.exchange = Exchange(core, time.time)
        for kind in wanted.Effect.__args__:
            if kind is not wanted.Report:
                self.exchange.perform(kind, self._carry_out)
        self.clear()

    def clear(self) -> None:
        """Begin anew, without nodes, clusters, jobs and a past."""
        self.scheduler = Scheduler("fair", first_id=2**55)
        self.trouble = False
        self.role: str | None = roles.ADMIN  # of everybody; None: nobody is known
        self.more: dict[str, Any] = {}
        self.hours = Hours()  # of all nodes
        self.sought: list[Any] = []  # nodes that are looked for
        self.happenings.__init__()  # type: ignore[misc]
        if self._recorder is not None:
            self._recorder.stop()
        self.history = History(Path(tempfile.mkdtemp(dir=self._folder)), 20_000)
        self._recorder = Recorder(self.exchange, self.history, 20_000)
        self._recorder.start()
        self.scheduler.book.remembering = True  # said to the one that stands for it

    @property
    def recorder(self) -> Any:
        """What notes the past now."""
        return self._recorder

    def parts(self) -> list[Any]:
        """What is served beside the page: all that a server has, but for figures."""
        book: Any = Latest(lambda: self.scheduler.book)
        recorder: Any = Latest(lambda: self.recorder)
        audit = Audit(AuditFile(self._folder), time.time)
        return [
            Api(book, time.time, lambda: self.problem, lambda uid: self.recorder.job(uid)),
            Past(book, time.time, recorder, self.happenings),
            Acting(self.exchange, Forgetful(), audit),
            audit,
            Login(None),
            ServiceHours(book, lambda node: self.hours),
        ]

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
            "limits": {
                "max_connections": [3, 2048, 5],
                "max_client_effort": [0, 10, 0],
                "max_spool_size": [0, 10 * GIB, 0],
            },
            "listens": ["127.0.0.1:51347 nodes", "127.0.0.1:51349 clients"],
            "client_program": "import dispy\ncluster = dispy.SharedJobCluster(compute)",
            "node_command": "pip install dispy\ndispynode.py --daemon",
            **self.more,
        }

    def identify(self, environ: dict[str, Any]) -> roles.Actor | None:
        """Everybody is the same, or nobody is known."""
        return roles.Actor("ann", self.role, "127.0.0.1") if self.role else None

    # -- what happens -------------------------------------------------------------------------

    def do(self, event: str, *arguments: Any, **named: Any) -> None:
        """An event, and all that follows from it."""
        happen = partial(getattr(self.scheduler, event), **named)
        self.exchange.tell(lambda *told: list(happen(*told) or []), *arguments)

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
        elif isinstance(effect, wanted.SeekNode):
            self.sought.append((effect.host, effect.port))
        elif isinstance(effect, wanted.TerminateJob):
            address = effect.node.address
            self.do("finished", effect.job.uid, address, End.CANCELLED, "reply", 1.5)

    def ended(self, jobs: Iterable[Ended]) -> None:
        """Jobs of the past."""
        self.history.write(list(jobs), [], [])

    def job(self, uid: int, ago: float, **other: Any) -> Ended:
        """One that ran for two seconds, and ended so many ago."""
        at = time.time() - ago
        cluster = (f"{uid % 3:016x}", f"past {uid % 3}", "10.9.9.9")
        usual = (uid, cluster, "10.20.0.1", 0, at - 5, at - 2, at, "finished", 1, 2.0, 10, 20, "")
        return Ended(*usual)._replace(**other)

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
            job = self.scheduler.offered(cluster, None, SimpleNamespace(size=1000), time.time())
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
    play = Play(Path(logfile).parent)
    application = page.build(play.snapshot, parts=play.parts(), identify=play.identify)
    application.publisher._interval = 0.25  # seconds; nobody waits longer than needed
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
