"""What clients can do at their port: with what is their own, and with nothing else."""

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_net_openings import CLIENT, OTHER, record

from gsched.core import effects
from gsched.core.fleet import NodeFacts
from gsched.core.model.cluster import Cluster
from gsched.core.model.job import End
from gsched.core.model.job import Job as CoreJob
from gsched.core.model.lease import LeaseState
from gsched.core.scheduler import Scheduler
from gsched.net.clients.callbacks import Callbacks
from gsched.net.clients.effort import Effort
from gsched.net.clients.openings import Openings
from gsched.net.clients.requests import ClientService
from gsched.net.clients.uploads import Limit
from gsched.net.computation import computation_of
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Forgetful
from gsched.net.reception import Reception
from gsched.net.relays import Relays
from gsched.net.tenants import Tenants
from gsched.store.spool import Spools
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.messages import LARGE, SMALL, build
from gsched.wire.pickles import loads
from gsched.wire.records import Job, NodeAllocate, XferFile
from gsched.wire.releases import Dialect, family

NODE = "10.0.1.1"
CONTENT = b"content"
REFUSED = -1
STRANGER = b"s" * 40


class World:
    """The service with its core, a node, and a cluster of each of two clients on that node."""

    def __init__(self, folder: Path, **most: int) -> None:
        self.scheduler = Scheduler(cooperative=True)
        self.exchange = exchange = Exchange(self.scheduler, lambda: 1000.0)
        for kind in vars(effects).values():
            if isinstance(kind, type) and kind.__module__ == effects.__name__:
                exchange.perform(kind, lambda effect: None)
        self.called: list[Any] = []
        self.limits: list[int] = []
        self.service = self._service(folder, **{"jobs": 99, "size": 1 << 30, "nodes": 9} | most)
        facts = NodeFacts(
            address=NODE,
            port=51348,
            name="n",
            cpus=4,
            identity="5" * 40,
            contact="192.0.2.1",
            source=NODE,
            release="4.15.2",
            family=family(Dialect.NEW, 4),  # as what we build is pickled
        )
        exchange.tell(self.scheduler.node_joined, facts)
        self.mine, self.theirs = (self.opened(x) for x in (CLIENT, OTHER))

    def _service(self, folder: Path, jobs: int, size: int, nodes: int) -> ClientService:
        reception = Reception(self.exchange.now)
        self.identity = Identity("n", "c", ("192.0.2.1",))
        nobody: Any = SimpleNamespace(connect=lambda address: self.called.append(address))
        delivery: Any = SimpleNamespace(
            reply=lambda job: job.reply, taken=lambda *_: None, recover=lambda cluster: 0
        )
        sending: Any = None
        arguments: Any = SimpleNamespace(wait_for_calm=lambda: None, settled=lambda job: None)
        self.openings = Openings(
            self.exchange,
            reception,
            Spools(folder),
            callbacks=Callbacks(),
            tenants=Tenants(9, jobs, size, nodes),
            always_clean_up=False,
            direct=False,
        )
        return ClientService(
            self.exchange,
            self.identity,
            delivery,
            self.openings,
            sending,
            Relays(self.scheduler, self.identity, nobody, nobody),
            reception,
            Limit(1000, refuse=True),
            Forgetful(),
            arguments,
            Effort(),
        )

    def ask(self, name: str, body: Any, source: str = CLIENT, **other: Any) -> list[Any]:
        """All answers to a request, whose next words are ACK."""
        answers: list[Any] = []
        heard = [build(name, body), b"ACK"]

        def receive(limit: int) -> bytes:
            self.limits.append(limit)
            return heard.pop(0)

        channel: Any = SimpleNamespace(
            peer=(source, 1),
            local=("192.0.2.1", 51349),
            receive_code=lambda _: other.get("code", self.identity.client_code),
            receive=receive,
            receive_answer=receive,
            receive_into=lambda space: space.__setitem__(slice(None), CONTENT[: len(space)]),
            send=lambda data, **_: answers.append(data),
        )
        self.service.serve(channel)
        return [loads(one) if one[:1] == b"\x80" else one for one in answers]

    def opened(self, source: str) -> Cluster:
        """A cluster of a client there, which is active, and set up at the node."""
        body = {"compute": record(), "node_allocs": [{"host": "*"}], "exclusive": False}
        [found] = self.ask("COMPUTE", body, source)
        cluster = self.scheduler.clusters[found["compute_id"]]
        tell = self.exchange.tell
        tell(self.scheduler.cluster_scheduled, cluster)
        tell(self.scheduler.cluster_started, cluster)
        tell(self.scheduler.lease_ready, cluster.leases[NODE], 4)
        return cluster

    def run(self, cluster: Cluster, **fields: Any) -> CoreJob:
        """A job of that cluster, at the node."""
        [uid] = self.ask("JOB", job_of(cluster, **fields), computation_of(cluster).source)
        self.exchange.tell(self.scheduler.accepted, uid)
        self.exchange.tell(self.scheduler.started, uid, self.scheduler.jobs[uid].tries)
        return self.scheduler.jobs[uid]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def auth(cluster: Cluster, **more: Any) -> dict[str, Any]:
    """What a request about it bears."""
    return {"compute_id": cluster.id, "auth": computation_of(cluster).client_auth} | more


def job_of(cluster: Cluster, **fields: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"uid": None, "hash": "right", "_args": b"", "_kwargs": b"", "code": ""}
    job = Job(compute_id=cluster.id, **{"xfer_files": []} | about | fields)
    return {"node": None, "job": job, "auth": computation_of(cluster).client_auth}


def file(cluster: Cluster, size: int = len(CONTENT), **other: Any) -> XferFile:
    stat = StatResult((0o644, 0, 0, 0, 0, 0, size, 1, 1, 1))
    fields = {"name": "/a", "dest_path": "", "compute_id": cluster.id, "sep": "/"}
    return XferFile(stat_buf=stat, **fields | other)


# -- who knows the secret --------------------------------------------------------------------------


def test_nothing_is_read_of_who_does_not_know_the_secret(world: World) -> None:
    """But who he is."""
    with pytest.raises(PeerError, match="client with another secret"):
        world.ask("CLOSE", auth(world.mine), code=STRANGER)
    assert world.mine.taking_jobs
    hello = {"version": "4.15.2", "ip_addr": CLIENT}
    [answer] = world.ask("CLIENT", hello, code=STRANGER)
    assert answer["sign"] == world.identity.client_sign


def test_who_does_not_know_the_secret_says_little(world: World) -> None:
    """Else anybody had 900 MB held for him, on each of his connections."""
    world.limits.clear()
    world.ask("PENDING_JOBS", auth(world.mine))
    world.ask("CLIENT", {"version": "4.15.2", "ip_addr": CLIENT}, code=STRANGER)
    assert world.limits == [LARGE, SMALL]


# -- whose cluster it is ---------------------------------------------------------------------------

REQUESTS: dict[str, dict[str, Any]] = {
    "SCHEDULE": {},
    "TERMINATE_JOB": {"uid": 1},
    "CLOSE": {},
    "ALLOCATE_NODE": {"node_alloc": []},
    "DEALLOCATE_NODE": {"node": NODE},
    "CLOSE_NODE": {"node": NODE},
    "SET_NODE_CPUS": {"node": NODE, "cpus": 0},
    "NODE_JOBS": {"node": NODE},
    "PENDING_JOBS": {},
    "RETRIEVE_JOB": {"uid": 1, "hash": "right"},
    "RESEND_JOB_RESULTS": {},
}


@pytest.mark.parametrize("name", [*REQUESTS, "JOB"])
def test_each_request_bears_the_auth_of_its_computation(world: World, name: str) -> None:
    """Not that of one's own, nor none."""
    computation_of(world.mine).client_auth = "m" * 40
    for wrong in ("m" * 40, "", "a" * 39):
        body = job_of(world.theirs) if name == "JOB" else auth(world.theirs) | REQUESTS[name]
        with pytest.raises(PeerError, match="not the client's"):
            world.ask(name, body | {"auth": wrong})
    assert world.theirs.taking_jobs and world.theirs.leases[NODE].state is LeaseState.READY
    assert world.scheduler.nodes[NODE].cpus == 4 and not world.theirs.jobs


def test_jobs_of_another_are_not_cancelled(world: World) -> None:
    """Their uids are counted, so all of them are known."""
    job = world.run(world.theirs)
    world.ask("TERMINATE_JOB", auth(world.mine, uid=job.uid))
    assert not job.cancelling
    world.ask("TERMINATE_JOB", auth(world.theirs, uid=job.uid), OTHER)
    assert job.cancelling


def done(world: World, job: CoreJob) -> None:
    finished = world.scheduler.finished
    world.exchange.tell(finished, job.uid, NODE, End.FINISHED, "the result", 1.0)


def test_results_of_another_are_not_had(world: World) -> None:
    job = world.run(world.theirs)
    done(world, job)
    about = {"uid": job.uid, "hash": "right"}
    assert world.ask("RETRIEVE_JOB", auth(world.mine, **about)) == [None]
    assert world.ask("RETRIEVE_JOB", auth(world.theirs, **about), OTHER) == ["the result"]


def test_results_take_the_hash_of_their_job(world: World) -> None:
    job = world.run(world.mine)
    done(world, job)
    with pytest.raises(PeerError, match="with a wrong hash"):
        world.ask("RETRIEVE_JOB", auth(world.mine, uid=job.uid, hash="wrong"))


def test_jobs_of_others_are_not_listed(world: World) -> None:
    mine, theirs = world.run(world.mine), world.run(world.theirs)
    assert mine.node is theirs.node is not None
    assert world.ask("NODE_JOBS", auth(world.mine, node=NODE)) == [[mine.uid]]


def test_signs_of_life_of_another(world: World) -> None:
    """A client that is gone would never be one."""
    heard: list[Cluster] = []
    world.scheduler.client_heard = lambda cluster, _: heard.append(cluster)  # type: ignore[method-assign,assignment]
    world.ask("PULSE", {"client_ip_addr": "192.0.2.66", "client_port": 9700}, "192.0.2.66")
    assert not heard
    world.ask("PULSE", {"client_ip_addr": None, "client_port": 9700}, OTHER)
    assert heard == [world.theirs]


def test_ids_are_told_to_their_clients_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Files for a computation bear nothing else."""
    caplog.set_level(logging.INFO)
    cluster = world.opened(CLIENT)
    assert "is opened" in caplog.text
    assert str(cluster.id) not in caplog.text and computation_of(cluster).client_auth


# -- files -----------------------------------------------------------------------------------------

BRING: dict[str, Callable[[XferFile], Any]] = {
    "FILEXFER": lambda one: one,
    "SENDFILE": lambda one: {"node": NODE, "xf": one},
}


@pytest.mark.parametrize("name", BRING)
def test_files_for_the_computation_of_another(world: World, name: str) -> None:
    """They bear no auth, so they come from where the computation did."""
    for cluster in (world.theirs, SimpleNamespace(id=17), SimpleNamespace(id=None)):
        with pytest.raises(PeerError, match="not the client's"):
            world.ask(name, BRING[name](file(cluster)))  # type: ignore[arg-type]
    assert not computation_of(world.theirs).spool.find(file(world.theirs))
    assert not world.called


def test_files_for_a_node_that_is_not_theirs(world: World) -> None:
    """Nor for what only looks like one: gsched would call anybody."""
    world.exchange.tell(world.scheduler.demands.node_given_back, world.mine, NODE, True)
    for node in (NODE, "192.0.2.66"):
        assert world.ask("SENDFILE", {"node": node, "xf": file(world.mine)}) == [REFUSED]
    assert not world.called


@pytest.mark.parametrize("other", [{"dest_path": "/etc"}, {"name": "/a/.."}, {"sep": "x"}], ids=str)
def test_files_that_lead_elsewhere_reach_no_node(world: World, other: dict[str, Any]) -> None:
    with pytest.raises(PeerError, match="leads out"):
        world.ask("SENDFILE", {"node": NODE, "xf": file(world.mine, **other)})
    assert not world.called


def test_large_files_pass_to_no_node(world: World) -> None:
    assert world.ask("SENDFILE", {"node": NODE, "xf": file(world.mine, 1001)}) == [REFUSED]
    assert not world.called and "--max_file_size" in world.mine.warning


def allocation(*files: Any) -> NodeAllocate:
    return NodeAllocate(
        ip_addr="10.9.9.9", ip_rex="", port=None, cpus=0, depends=[*files], setup_args=()
    )


def test_only_files_that_were_sent_go_to_nodes(world: World) -> None:
    """By this cluster: neither those of our disk nor those of other clusters."""
    world.ask("FILEXFER", file(world.theirs), OTHER)
    [why] = world.ask("JOB", job_of(world.mine, xfer_files=[file(world.mine)]))
    assert b"did not arrive" in why and not world.mine.jobs
    for one in ("a", "/a", "/etc/passwd"):
        more = {"node_alloc": [allocation(one)]}
        assert world.ask("ALLOCATE_NODE", auth(world.mine, **more)) == [REFUSED]
    computation = computation_of(world.mine)
    computation.record.xfer_files, computation.reachable = [file(world.mine)], True
    computation.told.set()
    assert world.ask("SCHEDULE", auth(world.mine)) == [b"NAK"]


# -- how much --------------------------------------------------------------------------------------


def test_jobs_count_before_they_are_taken(tmp_path: Path) -> None:
    world = World(tmp_path, jobs=2)
    for _ in range(2):
        world.run(world.mine)
    assert len(world.mine.jobs) == 2
    [why] = world.ask("JOB", job_of(world.mine))
    assert b"--max_client_jobs" in why and len(world.mine.jobs) == 2


def test_what_is_said_of_files_counts(tmp_path: Path) -> None:
    """It is kept as long as they are, however little they hold."""
    world = World(tmp_path, size=10_000)
    large = {"extra": {"more": "x" * 9_000}}
    assert world.ask("FILEXFER", file(world.mine, **large)) == [0, len(CONTENT)]
    assert world.ask("FILEXFER", file(world.mine, name="/b", **large)) == [REFUSED]
    assert "--max_client_bytes" in world.mine.warning


@pytest.mark.parametrize("most", [{"nodes": 2}, {"size": 3_000}], ids=str)
def test_allocations_that_come_later_count(tmp_path: Path, most: dict[str, int]) -> None:
    """Their number, and what they bring with them."""
    world = World(tmp_path, **most)
    one = allocation()
    one.setup_args = ("x" * 1_500,)
    answers = [world.ask("ALLOCATE_NODE", auth(world.mine, node_alloc=[one])) for _ in range(3)]
    assert answers[0] == [0] and answers[-1] == [REFUSED]
