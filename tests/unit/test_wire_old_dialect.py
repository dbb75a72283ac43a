"""What peers of dispy 4.8 to 4.10 write in another way, as read in those releases."""

from typing import Any

import pytest
from wire_bytes import name, text, whole

from gsched.wire import messages, pickles
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.messages import Sender, parse
from gsched.wire.records import Compute, NodeAllocate, Record, XferFile
from gsched.wire.releases import Dialect, Unserved

STAT = StatResult((0o100644, 1, 2, 1, 0, 0, 300, 1_600_000_000, 1_600_000_001, 1_600_000_002))
PARTIAL = text("prepare") + b"K\x03\x85" + b"}\x87\x81"  # prepare, (3,), {} as a named tuple


def file(path: str) -> XferFile:
    """That is going to be sent."""
    return XferFile(name=path, dest_path=".", compute_id=None, stat_buf=STAT, sep="/")


def function(module: str = "dispy", qualified: str = "_Function") -> Any:
    """A function with its arguments."""
    return pickles.loads(whole(name(module, qualified) + PARTIAL))


def compute(**changed: Any) -> dict[str, Any]:
    """The fields of a computation in the order of 4.10."""
    fields = {"type": 1, "name": "work", "id": None, "code": "", "dest_path": None}
    fields |= {"xfer_files": {file("/a"), file("/b")}, "reentrant": False, "exclusive": True}
    fields |= {"setup": function(), "cleanup": True, "scheduler_ip_addr": "127.0.0.1"}
    fields |= {"scheduler_port": 51347, "node_ip_addr": None, "auth": "a" * 40}
    return fields | {"job_result_port": 51347, "pulse_interval": None} | changed


def written(cls: type[Record], state: Any) -> bytes:
    """As a peer pickles it."""
    return whole(name(*cls.GLOBAL) + b")\x81" + pickles.dumps(state)[2:-1] + b"b")


def read(**changed: Any) -> Any:
    """The computation that is made of these fields, once it has passed."""
    record = pickles.loads(written(Compute, compute(**changed)))
    record.check()
    return record


def without(state: dict[str, Any], *names: str) -> dict[str, Any]:
    """The state of a release that did not have these fields."""
    return {key: value for key, value in state.items() if key not in names}


def test_a_computation_passes_and_goes_out_as_it_came() -> None:
    record = read()
    assert record.dialect is Dialect.OLD
    assert {one.name for one in record.xfer_files} == {"/a", "/b"}
    again = pickles.loads(pickles.dumps(record))
    assert list(again.items()) == list(compute())
    assert again.setup.made[2] == ("prepare", (3,), {})
    assert again.dialect is Dialect.OLD


def test_at_first_two_fields_were_not_there() -> None:
    state = without(compute(), "exclusive", "node_ip_addr")
    record = pickles.loads(written(Compute, state))
    record.check()
    assert (record.dialect, record.exclusive, record.node_ip_addr) == (Dialect.OLD, True, None)


@pytest.mark.parametrize("cleanup", [True, False, function()])
@pytest.mark.parametrize("setup", [None, function()])
def test_functions_to_call(setup: Any, cleanup: Any) -> None:
    read(setup=setup, cleanup=cleanup)


@pytest.mark.parametrize(
    "changed",
    [
        {"setup": "prepare"},
        {"setup": True},
        {"cleanup": "tidy_up"},
        {"setup": function("os", "system")},
        {"cleanup": function("dispy", "_Compute_")},
        {"xfer_files": [file("/a")]},
        {"xfer_files": {"/a"}},
        {"node_ip_addr": 7},
    ],
)
def test_what_does_not_belong_there(changed: dict[str, Any]) -> None:
    """Forms of the new dialect, and of nobody."""
    with pytest.raises(PeerError):
        read(**changed)


def test_what_a_call_returns_is_no_function() -> None:
    made = pickles.loads(whole(name("dispy", "_Function") + b")R"))
    with pytest.raises(PeerError, match="something else than a function"):
        read(setup=made)


@pytest.mark.parametrize("changed", [{"setup": function()}, {"xfer_files": {file("/a")}}])
def test_the_new_dialect_does_not_mix(changed: dict[str, Any]) -> None:
    """A computation with one of the new fields is checked as a new one."""
    new = {"xfer_files": [], "setup": None, "setup_args_count": 0, "client_reply_addr": None}
    record = pickles.loads(written(Compute, compute(**new)))
    record.check()
    assert record.dialect is Dialect.NEW
    record = pickles.loads(written(Compute, compute(**new) | changed))
    with pytest.raises(PeerError):
        record.check()


def test_allocations_have_no_files_and_arguments() -> None:
    state = {"ip_addr": "10.0.0.*", "ip_rex": "10", "port": None, "cpus": 2}
    first, second = (pickles.loads(written(NodeAllocate, state)) for _ in range(2))
    first.check()
    assert (first.depends, first.setup_args) == ([], ())
    assert first.depends is not second.depends
    record = pickles.loads(written(NodeAllocate, state | {"depends": []}))
    with pytest.raises(PeerError, match="setup_args is missing"):
        record.check()


def test_a_whole_message() -> None:
    body = {"node_allocs": [("*", None, 0)], "exclusive": False}
    payload = b"COMPUTE:" + pickles.dumps(body | {"compute": read()})
    row, found = parse(payload, Sender.CLIENT)
    assert row.name == "COMPUTE"
    assert found["node_allocs"] == [("*", None, 0)]
    assert found["compute"].dialect is Dialect.OLD


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_the_protocol_tells_the_python(protocol: int) -> None:
    payload = b"PULSE:\x80" + bytes((protocol,)) + b"}."
    assert messages.protocol(payload) == protocol


@pytest.mark.parametrize("payload", [b"", b"PULSE", b"PULSE:", b"PULSE:\x80", b"PULSE:}."])
def test_what_has_no_protocol(payload: bytes) -> None:
    assert messages.protocol(payload) == 0


def test_python_2_is_told_apart() -> None:
    """Its texts are bytes of an encoding that nobody says."""
    payload = b"CLIENT:\x80\x02}q\x00U\x07versionq\x01U\x064.15.2q\x02s."
    with pytest.raises(Unserved, match="Python 2 is not served"):
        parse(payload, Sender.CLIENT)
