"""Set-ups in the words of the node's release, with a node that only notes what it is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from gsched.core import effects
from gsched.core.admission import Opening
from gsched.core.fleet import NodeFacts
from gsched.core.model.lease import Allocation, LeaseState
from gsched.core.scheduler import Scheduler
from gsched.net.clients.callbacks import Callbacks
from gsched.net.clients.openings import Openings
from gsched.net.computation import Computation
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Forgetful
from gsched.net.nodes.sending import _refusal
from gsched.net.nodes.setups import SetUps
from gsched.net.reception import Reception
from gsched.net.tenants import Tenants
from gsched.store.spool import Spool, Spools
from gsched.wire.pickles import dumps, loads
from gsched.wire.records import Compute
from gsched.wire.releases import Dialect

ADDRESS = "10.0.0.1"
Asked = list[tuple[str, Any]]


class FakeNode:
    """Takes the place of `Caller`. `cpus` is its answer to COMPUTE, `has` to files."""

    timeout = 1.0

    def __init__(self) -> None:
        self.asked: Asked = []
        self.cpus: object = 2
        self.has = True

    def ask(self, _address: Any, _code: bytes, payload: bytes, *_limits: Any) -> bytes:
        """Note it, and answer."""
        tag, _, data = payload.partition(b":")
        self.asked.append((tag.decode(), loads(data)))
        answers = {"COMPUTE": dumps(self.cpus), "FILEXFER": dumps(0 if self.has else -1)}
        return answers.get(tag.decode(), b"ACK")

    @property
    def tags(self) -> list[str]:
        """Of what it was asked."""
        return [tag for tag, _ in self.asked]


class Stage:
    """A core, the set-ups, and one node."""

    def __init__(self, folder: Path) -> None:
        self.exchange = Exchange(Scheduler(), lambda: 1000.0)
        self.node = FakeNode()
        identity = Identity(node_secret="", cluster_secret="", announced=("10.0.0.9",))
        self.set_ups = SetUps(
            self.exchange,
            identity,
            51347,
            self.node,
            Forgetful(),  # type: ignore[arg-type]
        )
        self.folder = folder
        for kind in (effects.TellScheduled, effects.TellNode, effects.FindNodes, effects.Forget):
            self.exchange.perform(kind, lambda effect: None)

    def join(self, release: str, cpus: int = 2, identity: str = "1") -> None:
        """The node says that it is free, and is set up for all that want it."""
        facts = NodeFacts(
            address=ADDRESS,
            port=51348,
            name="n",
            cpus=cpus,
            identity=identity,
            release=release,
            contact="10.0.0.9",
        )
        self.exchange.tell(self.exchange.scheduler.node_joined, facts)
        self.settle()

    def cluster(self, dialect: Dialect, setup: Any = None) -> Any:
        """A client's computation, set up wherever it may be."""
        scheduler = self.exchange.scheduler
        opening = Opening(
            name="work",
            client="10.0.0.5",
            spec=self.computation(dialect, setup),
            allocations=[Allocation("*", setup_args=(7,))],
        )
        cluster = scheduler.cluster_opened(opening, 1000.0)
        self.exchange.tell(scheduler.cluster_scheduled, cluster)
        self.exchange.tell(scheduler.cluster_started, cluster)
        self.settle()
        return cluster

    def computation(self, dialect: Dialect, setup: Any) -> Computation:
        """What a client has sent."""
        record = Compute(
            **dict.fromkeys(Compute.FIELDS)
            | {"type": 1, "name": "work", "code": "", "auth": "a", "setup": setup}
            | {"xfer_files": set() if dialect is Dialect.OLD else [], "setup_args_count": 0},
            dialect=dialect,
        )
        return Computation(
            record=record,
            client_auth="a",
            node_auth="b",
            source="10.0.0.5",
            reply_to=("10.0.0.5", 9),
            spool=Spool(self.folder),
        )

    def settle(self) -> None:
        """Let all greenlets come to their end."""
        for _ in range(10):
            gevent.sleep(0)

    def state(self) -> list[LeaseState]:
        """How far the computations on the node are."""
        return [lease.state for lease in self.exchange.scheduler.nodes[ADDRESS].leases.values()]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.set_ups.stop()


def sent(stage: Stage, tag: str) -> Any:
    """What the node was sent with that message, the last time."""
    return [body for one, body in stage.node.asked if one == tag][-1]


def test_set_up_in_the_new_dialect(stage: Stage) -> None:
    stage.join("4.15.2")
    cluster = stage.cluster(Dialect.NEW)
    assert stage.node.tags == ["COMPUTE", "SETUP"]
    assert set(sent(stage, "COMPUTE").items()) == set(Compute.FIELDS)
    assert sent(stage, "SETUP") == {"compute_id": cluster.id, "setup_args": (7,)}
    assert stage.state() == [LeaseState.READY]


@pytest.mark.parametrize(
    "release, setup, asked",
    [
        ("4.10.6", None, ["COMPUTE", "SETUP"]),
        ("4.9.1", None, ["COMPUTE"]),
        ("4.9.1", "a function", ["COMPUTE", "SETUP"]),
        ("4.8.0", None, ["COMPUTE"]),
    ],
)
def test_set_up_in_the_old_dialect(
    stage: Stage, release: str, setup: Any, asked: list[str]
) -> None:
    stage.join(release)
    cluster = stage.cluster(Dialect.OLD, setup)
    assert stage.node.tags == asked
    record = stage.node.asked[0][1]
    assert record.dialect is Dialect.OLD
    assert set(Compute.FIELDS) - set(record.items()) == {"setup_args_count", "client_reply_addr"}
    assert (record.xfer_files, record.exclusive) == (set(), False)
    if "SETUP" in asked:
        assert sent(stage, "SETUP") == cluster.id
    assert stage.state() == [LeaseState.READY]


@pytest.mark.parametrize(
    "release, said, total",
    [("4.15.2", 3, 3), ("4.15.0", 1, 2), ("4.12.4", 0, 2), ("4.10.6", 0, 2)],
)
def test_free_cpus_are_not_taken_for_all(stage: Stage, release: str, said: int, total: int) -> None:
    """A node whose CPUs are all busy says 0; it has taken the computation all the same."""
    stage.join(release)
    stage.node.cpus = said
    stage.cluster(Dialect.OLD if release == "4.10.6" else Dialect.NEW)
    assert stage.node.tags == ["COMPUTE", "SETUP"]
    assert stage.exchange.scheduler.nodes[ADDRESS].total == total


def test_new_nodes_say_0_if_they_have_it_already(stage: Stage) -> None:
    stage.join("4.15.2")
    stage.node.cpus = 0
    stage.cluster(Dialect.NEW)
    assert stage.node.tags == ["COMPUTE"]
    assert stage.state() == [LeaseState.READY]


@pytest.mark.parametrize("has", [True, False])
def test_old_nodes_are_asked_whether_they_have_it(stage: Stage, has: bool) -> None:
    """But only when they may: it was there before, and they are the same process still."""
    stage.join("4.12.4")
    stage.cluster(Dialect.NEW)
    scheduler = stage.exchange.scheduler
    stage.exchange.tell(scheduler.node_lost, ADDRESS, "silent")
    stage.node.asked.clear()
    stage.node.has = has
    stage.join("4.12.4")
    assert stage.node.tags == (["FILEXFER"] if has else ["FILEXFER", "COMPUTE", "SETUP"])
    assert stage.state() == [LeaseState.READY]
    stage.exchange.tell(scheduler.node_lost, ADDRESS, "silent")
    stage.node.asked.clear()
    stage.join("4.12.4", identity="2")
    assert stage.node.tags == ["COMPUTE", "SETUP"]


@pytest.mark.parametrize(
    "text, why",
    [
        (b"All CPUs busy!", "BUSY"),
        (b"NAK (all cpus busy)", "BUSY"),
        (b"NAK", "UNKNOWN"),
        (b"NAK (invalid computation 7)", "UNKNOWN"),
        (b"Invalid job (KeyError: 7)", "UNKNOWN"),
        (b"Invalid computation (node 10.0.0.1 may have closed computation", "UNKNOWN"),
        (b"Invalid scheduler for computation!", "UNKNOWN"),
        (b"NAK (invalid command: JOB)", "REJECTED"),
        (b"File x must be less than 7 in size", "UNFIT"),
        (b"", "REJECTED"),
    ],
)
def test_how_nodes_say_no(text: bytes, why: str) -> None:
    """In all releases."""
    assert _refusal(text)[0].name == why


def test_a_nodes_traceback_is_told_in_a_line() -> None:
    text = b'Invalid job (Traceback (most recent call last):\n  File "x", line 7\nKeyError: 7\n)'
    assert _refusal(text)[1] == "Invalid job (KeyError: 7)"


class TestOpenings:
    """What clients send."""

    def open(self, stage: Stage, dialect: Dialect, allocations: list[Any]) -> Opening:
        """A computation of a client that said before of which release it is."""
        reception = Reception(lambda: 1000.0)
        reception.admit("client", "10.0.0.5", "4.10.6")
        openings = Openings(
            stage.exchange,
            reception,
            Spools(stage.folder),
            callbacks=Callbacks(),
            tenants=Tenants(9, 9, 1 << 30, 99_999),
            always_clean_up=False,
            direct=True,
        )
        record = stage.computation(dialect, None).record
        record.job_result_port = 9
        body = {"compute": record, "node_allocs": allocations, "exclusive": False}
        return openings.open(body, "10.0.0.5", 5)

    def test_tuples_of_the_old_dialect(self, stage: Stage) -> None:
        wanted = [("10.0.0.*", None, 2), ("*", 51348, -1)]
        opening = self.open(stage, Dialect.OLD, wanted)
        found = [(one.host, one.port, one.cpus, one.setup_args) for one in opening.allocations]
        assert found == [("10.0.0.*", None, 2, ()), ("*", 51348, -1, ())]
        assert opening.release == "4.10.6"
        assert opening.family == "dispy 4.8 to 4.10 on Python 3.8 or newer"

    def test_dicts_of_the_new_one(self, stage: Stage) -> None:
        opening = self.open(stage, Dialect.NEW, [{"host": "*", "cpus": 1}])
        assert [(one.host, one.cpus) for one in opening.allocations] == [("*", 1)]
        assert opening.family == "dispy 4.11 to 4.15 on Python 3.8 or newer"

    @pytest.mark.parametrize(
        "dialect, wanted",
        [
            (Dialect.OLD, {"host": "*"}),
            (Dialect.OLD, ("*", None)),
            (Dialect.OLD, (7, None, 0)),
            (Dialect.OLD, ("*", "x", 0)),
            (Dialect.NEW, ("*", None, 0)),
        ],
    )
    def test_the_other_form_is_refused(self, stage: Stage, dialect: Dialect, wanted: Any) -> None:
        with pytest.raises(Exception, match="node allocation"):
            self.open(stage, dialect, [wanted])
