"""What clients may ask for when they open a cluster, and where they may have us call."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from gsched.core.model.lease import Allocation
from gsched.core.model.wishes import Wishes
from gsched.core.scheduler import Opening, Refused, Scheduler
from gsched.net.clients.callbacks import Callbacks
from gsched.net.clients.jobs import job_message
from gsched.net.clients.openings import (
    MAX_ALLOCATIONS,
    MAX_NAMED,
    MAX_PATTERNS,
    Openings,
    allocations,
)
from gsched.net.exchange import Exchange
from gsched.net.reception import Reception
from gsched.net.tenants import Tenants
from gsched.store.spool import Spools
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.records import Compute, Job, XferFile

STAT = StatResult((0o644, 0, 0, 0, 0, 0, 1, 0, 0, 0))
CLIENT, OTHER, LOOPBACK = "10.0.0.5", "10.0.0.6", "127.0.0.1"


def record(**other: Any) -> Compute:
    fields: dict[str, Any] = dict.fromkeys(Compute.FIELDS)
    fields |= {"type": 1, "name": "compute", "code": "", "xfer_files": [], "cleanup": True}
    fields |= {"reentrant": False, "exclusive": False, "setup_args_count": 0, "auth": "a"}
    return Compute(**fields | {"job_result_port": 9700} | other)


def opened(folder: Path, source: str = CLIENT, *allowed: str, **other: Any) -> Opening:
    exchange = Exchange(Scheduler(), lambda: 1000.0)
    openings = Openings(
        exchange,
        Reception(exchange.now),
        Spools(folder),
        callbacks=Callbacks(allowed),
        tenants=Tenants(9, 9, 1 << 30, 99_999),
        always_clean_up=False,
        direct=True,
    )
    body = {"compute": record(**other), "node_allocs": [], "exclusive": False}
    return openings.open(body, source, 5)


def own_address() -> str:
    found = [link.address for links in psutil.net_if_addrs().values() for link in links]
    return next((x for x in found if x.count(".") == 3 and not x.startswith("127.")), LOOPBACK)


@pytest.mark.parametrize(
    "source, host, allowed",
    [
        (CLIENT, None, []),
        (CLIENT, CLIENT, []),
        (CLIENT, OTHER, ["10.0.0.6/32"]),
        (CLIENT, OTHER, ["192.0.2.0/24", "10.0.0.0/8"]),
        ("fd00::5", "fd00:0::5", []),
        ("fe80::5%eth0", "fe80::5", []),
        (LOOPBACK, "127.3.2.1", []),
        (LOOPBACK, own_address(), []),
        (own_address(), LOOPBACK, []),
        (LOOPBACK, "localhost", []),
    ],
)
def test_clients_are_called_where_they_are(
    tmp_path: Path, source: str, host: str | None, allowed: list[str]
) -> None:
    opening = opened(tmp_path, source, *allowed, scheduler_ip_addr=host)
    assert opening.client == opening.spec.reply_to[0]
    assert opening.spec.reply_to[1] == 9700


@pytest.mark.parametrize(
    "source, host, allowed",
    [
        (CLIENT, OTHER, []),
        (CLIENT, LOOPBACK, []),
        (CLIENT, own_address(), []),
        (LOOPBACK, OTHER, []),
        (CLIENT, OTHER, ["10.0.0.7/32", "fd00::/8"]),
        (CLIENT, "no.such.name.invalid", ["0.0.0.0/0"]),
        (CLIENT, "10.0.0.6\nINFO", ["0.0.0.0/0"]),
    ],
)
def test_nobody_looks_for_open_ports_through_us(
    tmp_path: Path, source: str, host: str, allowed: list[str]
) -> None:
    with pytest.raises(Refused, match="--allow_callback"):
        opened(tmp_path, source, *allowed, scheduler_ip_addr=host)


@pytest.mark.parametrize(
    "named, kept",
    [
        ((CLIENT, 9700), True),
        ((OTHER, 9700), False),
        ((LOOPBACK, 22), False),
        ((CLIENT, 0), False),
        ((CLIENT, 1 << 70), False),
        ((CLIENT,), False),
        ((7, 9700), False),
        ((), False),
        (None, False),
    ],
)
def test_nodes_are_not_sent_elsewhere_either(tmp_path: Path, named: Any, kept: bool) -> None:
    """What jobs have for their client then goes by way of us."""
    opening = opened(tmp_path, client_reply_addr=named)
    assert opening.spec.record.client_reply_addr == (named if kept else None)


def test_ids_cannot_be_guessed(tmp_path: Path) -> None:
    """Nor do they come again; SQLite and dispy take them for what they are."""
    ids = {opened(tmp_path).id for _ in range(1000)}
    assert len(ids) == 1000
    assert all(0 < one < 1 << 63 for one in ids)
    assert sum(one.bit_length() > 58 for one in ids) > 900


def test_who_brings_no_auth_is_given_one(tmp_path: Path) -> None:
    """Such as old clients, and those that leave it out."""
    found = {opened(tmp_path, auth=none).spec.client_auth for none in (None, "", None)}
    assert len(found) == 3 and {len(one) for one in found} == {40}


@pytest.mark.parametrize("where", ["..", "../b", "/etc", "C:\\etc", "a\0"])
def test_computations_stay_where_they_are(tmp_path: Path, where: str) -> None:
    """At nodes as well as here."""
    with pytest.raises(Refused, match="leads out"):
        opened(tmp_path, dest_path=where)
    spool = opened(tmp_path, name=where).spec.spool
    assert spool.directory.parent == tmp_path and len(spool.directory.name) == 40


def test_names_are_cut(tmp_path: Path) -> None:
    """They are shown wherever the cluster is."""
    assert opened(tmp_path, name="n" * 10_000).name == "n" * 255


def test_files_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By all of their path or its end; the newest counts. They are not looked for without end."""
    spool = Spools(tmp_path).at("a")
    spool.make_room()
    for name in ("/a/x", "/b/x", "/b/xx", "/c/d/x", "x"):
        file = XferFile(name=name, dest_path="", compute_id=1, stat_buf=STAT, sep="/")
        spool.add(spool.new_path(), file, 0)

    def found(*names: str) -> list[str]:
        [one] = allocations([{"host": "*", "depends": list(names)}], spool, Wishes())
        return [file.name for file in one.files]

    assert found("x", "b/x", "/a/x", "d/x", "xx") == ["x", "/b/x", "/a/x", "/c/d/x", "/b/xx"]
    assert len(found(*["x"] * MAX_NAMED)) == MAX_NAMED
    with pytest.raises(Refused, match=f"more than {MAX_NAMED} files"):
        found(*["x"] * (MAX_NAMED + 1))
    monkeypatch.setattr("gsched.store.spool.MOST_ALIKE", 3)
    assert found("/a/x") == ["/a/x"]
    for name in ("a/xx", "/x", "c/d", "", "a/x"):
        with pytest.raises(Refused, match="was not sent"):
            found(name)


def test_what_is_no_file_is_not_written_out() -> None:
    """Lists of the same list of the same list ... are short as a message, and endless as a text."""

    class Endless(list[Any]):
        def __repr__(self) -> str:
            raise AssertionError("it is written out")

    with pytest.raises(Refused, match="file Endless of a node allocation was not sent"):
        allocations([{"host": "*", "depends": [Endless()]}], None, Wishes())


def test_names_are_legible(tmp_path: Path) -> None:
    """Half a character, and neither figures nor the history could be written any more."""
    assert opened(tmp_path, name="a\ud800é\n").name == "a\\ud800é\n"


@pytest.mark.parametrize(
    "wanted",
    [
        {"host": "*", "port": -1},
        {"host": "*", "port": 65536},
        {"host": "*", "port": 1 << 80},
        {"host": "*", "cpus": 1 << 2000},
        {"host": "*" * 256},
        {"host": ""},
        {"host": 7},
        {},
        7,
    ],
    ids=str,
)
def test_allocations_that_make_no_sense(wanted: Any) -> None:
    with pytest.raises(Refused):
        allocations([wanted], None, Wishes())


def test_setup_args_that_no_node_could_be_sent() -> None:
    """Said to their client at once, and no trouble when a node is there."""
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(Refused, match="setup_args: object nested deeper"):
        allocations([{"host": "*", "setup_args": (deep,)}], None, Wishes())


def test_allocations_are_counted() -> None:
    """Those that come later, too."""
    many = [{"host": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"} for n in range(MAX_ALLOCATIONS + 1)]
    there = Wishes(allocations(many[:-1], None, Wishes()))
    for wanted, before in ((many, Wishes()), (many[-1:], there)):
        with pytest.raises(Refused, match="node allocations"):
            allocations(wanted, None, before)


def test_patterns_are_counted() -> None:
    """Each is tried for each node."""
    many = [{"host": f"10.{n}.*"} for n in range(MAX_PATTERNS + 1)]
    there = Wishes(Allocation(one["host"]) for one in many[:-1])
    for wanted, before in ((many, Wishes()), (many[-1:], there)):
        with pytest.raises(Refused, match="with \\*"):
            allocations(wanted, None, before)


def stray() -> XferFile:
    return XferFile(name="/etc/passwd", dest_path="", compute_id=1, stat_buf=STAT, sep="x")


def test_files_elsewhere_are_not_named_either(tmp_path: Path) -> None:
    """Nodes remove what computations and jobs name."""
    with pytest.raises(Refused, match="leads out"):
        opened(tmp_path, xfer_files=[stray()])
    with pytest.raises(PeerError, match="leads out"):
        allocations([{"host": "*", "depends": [stray()]}], None, Wishes())
    spool: Any = SimpleNamespace(find=lambda _: None)
    cluster: Any = SimpleNamespace(spec=SimpleNamespace(spool=spool))
    job: Any = SimpleNamespace(xfer_files=[stray()], hash="h")
    with pytest.raises(PeerError, match="leads out"):
        job_message(cluster, job, 100)


def test_all_that_comes_with_a_job_counts() -> None:
    """Also what no release has sent so far; until the job is over, when it is dropped."""
    fields: dict[str, Any] = {"uid": None, "compute_id": 1, "xfer_files": [], "code": ""}
    fields |= {"_args": b"a" * 100, "_kwargs": b"k" * 100, "extra": {"more": "x" * 50_000}}
    cluster: Any = SimpleNamespace(spec=None)
    message = job_message(cluster, Job(hash="h", **fields), 51_000)
    assert message.size == 51_000
    message.release()
    assert not message.record.extra
    with pytest.raises(PeerError, match="long hash"):
        job_message(cluster, Job(hash="h" * 2000, **fields), 51_000)
