"""Recorded bytes of real peers: what they send is understood, what we send they understand."""

import importlib.abc
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from goldens import GOLDENS, Golden, describe, exact, from_scheduler, revive, to_scheduler

from gsched.wire import messages, pickles, secrets
from gsched.wire.frames import CODE_SIZE, FrameReader
from gsched.wire.messages import SMALL
from gsched.wire.standins import StandIn, StandInType

HERE = Path(__file__).resolve().parent
needs_dispy = pytest.mark.skipif(find_spec("dispy") is None, reason="compares with dispy itself")


def ids(goldens: list[Golden]) -> Any:
    """For parametrize."""
    return {"argvalues": goldens, "ids": str}


def named(name: str) -> Golden:
    """The one golden file of that name."""
    (found,) = (one for one in GOLDENS if str(one) == name)
    return found


INBOUND = to_scheduler()
STREAMS = [one for one in GOLDENS if one.variant != "udp"]


# -- what comes in ------------------------------------------------------------------------------


def read(reader: FrameReader, golden: Golden, found: list[bytes]) -> None:
    """Take what is there, in the order of the stream: code, message, file or messages."""
    if golden.expected["code"] and not found:
        code = reader.raw(CODE_SIZE)
        if code is None:
            return
        found.append(code)
    start = len(found)
    if "raw" in golden.expected and start > bool(golden.expected["code"]):
        found[-1] += reader.some(1 << 30)
        return
    while (payload := reader.message(SMALL)) is not None:
        found.append(payload)
        if "raw" in golden.expected:
            found.append(reader.some(1 << 30))
            return


def whole(golden: Golden) -> list[bytes]:
    """What `read` finds in the end, worked out without a FrameReader."""
    found = [golden.sent[:CODE_SIZE]] if golden.expected["code"] else []
    found.append(golden.payload)
    rest = golden.sent[sum(map(len, found)) + 4 :]
    if "raw" in golden.expected:
        return [*found, rest]
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        found.append(rest[4:end])
        rest = rest[end:]
    return found


def offsets(golden: Golden) -> range:
    """Each place to split at; for files, up to a little way into the file."""
    return range(min(len(golden.sent), len(golden.payload) + 100) + 1)


@pytest.mark.parametrize("golden", **ids(STREAMS))
def test_split_at_every_offset(golden: Golden) -> None:
    """However the stream is cut, the same code, messages and file come out."""
    expected = whole(golden)
    for offset in offsets(golden):
        reader, found = FrameReader(), list[bytes]()
        reader.feed(golden.sent[:offset])
        read(reader, golden, found)
        reader.feed(golden.sent[offset:])
        read(reader, golden, found)
        assert found == expected
        assert reader.pending == 0


@pytest.mark.parametrize("golden", **ids(STREAMS))
def test_byte_by_byte(golden: Golden) -> None:
    """One byte at a time is no different."""
    reader, found = FrameReader(), list[bytes]()
    for at in offsets(golden)[1:]:
        reader.feed(golden.sent[at - 1 : at])
        read(reader, golden, found)
    reader.feed(golden.sent[offsets(golden)[-1] :])
    read(reader, golden, found)
    assert found == whole(golden)


@pytest.mark.parametrize("golden", **ids(INBOUND))
def test_inbound_means_what_dispy_reads(golden: Golden) -> None:
    """Through the table of messages: the row, and each field of the body."""
    message, body = messages.parse(golden.payload, golden.sender)
    assert message.name == golden.message
    assert exact(describe(body)) == exact(golden.expected["body"])


@pytest.mark.parametrize("golden", **ids(INBOUND))
def test_inbound_from_anybody_else_is_refused(golden: Golden) -> None:
    """A message comes in only where the table says."""
    for sender in messages.Sender:
        if (sender, golden.message.encode()) not in messages.MESSAGES:
            with pytest.raises(messages.PeerError, match="unknown message"):
                messages.parse(golden.payload, sender)


def test_codes_prove_the_empty_secret() -> None:
    """Client and scheduler: the code belongs to the sign that the scheduler told."""
    sign = named("4.15.2.client-scheduler.CLIENT").expected["replies"][0]["sign"]
    code = named("4.15.2.client-scheduler.COMPUTE").sent[:CODE_SIZE]
    assert secrets.same(code, secrets.code("", sign))
    assert not secrets.same(code, secrets.code("secret", sign))


def test_code_towards_a_stranger() -> None:
    """A node whose sign is not known gets a code of its own."""
    sent = named("4.15.2.scheduler-node.PING").sent
    assert sent.startswith(secrets.STRANGER)


# -- what goes out ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dispy_reads() -> Any:
    """A function: pickles -> what dispy's own classes make of them, by way of a process."""

    def ask(pickled: list[bytes]) -> list[Any]:
        command = [sys.executable, str(HERE / "oracle.py")]
        done = subprocess.run(command, input=repr(pickled), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return literal_eval(done.stdout)

    return ask


def assert_all_equal(goldens: list[Golden], found: list[Any], expected: list[Any]) -> None:
    """A plain comparison of the lists would not tell which file it was."""
    for golden, left, right in zip(goldens, found, expected, strict=True):
        assert exact(left) == exact(right), str(golden)


@needs_dispy
def test_outbound_is_what_dispy_sends(dispy_reads: Any) -> None:
    """Built from values, read by dispy: as if dispy's scheduler had sent it."""
    goldens = from_scheduler()
    built = [messages.build(one.message, revive(one.expected["body"])) for one in goldens]
    assert [one.partition(b":")[0].decode() for one in built] == [one.message for one in goldens]
    ours = dispy_reads([one.partition(b":")[2] for one in built])
    theirs = dispy_reads([one.pickle for one in goldens])
    assert_all_equal(goldens, ours, theirs)
    assert_all_equal(goldens, theirs, [one.expected["body"] for one in goldens])


@needs_dispy
def test_reencoding_means_the_same_to_dispy(dispy_reads: Any) -> None:
    """What we decode and pass on is what we got, in both directions."""
    again = dispy_reads([pickles.dumps(pickles.loads(one.pickle)) for one in GOLDENS])
    assert_all_equal(GOLDENS, again, [one.expected["body"] for one in GOLDENS])


@pytest.mark.parametrize("golden", **ids(GOLDENS))
def test_reencoding_loses_nothing(golden: Golden) -> None:
    """Decoded, encoded, decoded: equal, and from then on the same bytes."""
    once = pickles.loads(golden.pickle)
    encoded = pickles.dumps(once)
    twice = pickles.loads(encoded)
    for decoded in (once, twice):
        assert exact(describe(decoded)) == exact(golden.expected["body"])
    assert pickles.dumps(twice) == encoded


@pytest.mark.parametrize("golden", **ids(GOLDENS))
def test_replies(golden: Golden) -> None:
    """What came back: bare words, and pickles that hold plain values only."""
    reader = FrameReader()
    reader.feed(golden.received)
    for expected in golden.expected["replies"]:
        payload = reader.message(SMALL)
        assert payload is not None
        decoded = pickles.loads(payload, plain=True) if payload[:1] == b"\x80" else payload
        assert decoded == expected
        assert decoded == payload or pickles.loads(pickles.dumps(decoded)) == expected
    assert reader.pending == 0


# -- objects of classes that only the client knows -----------------------------------------------

USER_OBJECTS = [
    "4.15.2.client-scheduler.COMPUTE.user-objects",
    "4.15.2.client-scheduler.ALLOCATE_NODE.subclass",
]

# Run where the classes are defined: what arrives is what was sent, shared parts still shared.
CHECK = """
import pickle, sys
path = sys.argv[1]
exec(compile(open(path).read(), path, "exec"))
(first, *more) = pickle.load(sys.stdin.buffer)
assert first == params(), vars(first)
assert first is not params()
assert first.children[1].values is first.values["bag"]
assert type(first.values["level"]) is Level and first.values["bag"].name == "bag"
if more:
    (picky,) = more
    assert type(picky) is Picky and picky.setup_args[0] is first, vars(picky)
    assert (picky.ip_addr, picky.cpus, picky.least) == ("127.0.0.2", 0, 1)
    assert picky.allocate(None, "", "", 1) == 1
"""


class NoImports(importlib.abc.MetaPathFinder):
    """An import hook that fails on everything not yet imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Called only for modules that are not in sys.modules."""
        raise AssertionError(f"import of {name}")


@pytest.fixture
def no_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any import, and any use of a builtin that a pickle may name, is a failure."""
    before = set(sys.modules)
    assert "dispy" not in before and "pycos" not in before
    monkeypatch.setattr(sys, "meta_path", [NoImports()])
    yield
    assert set(sys.modules) == before


def user_objects(golden: Golden) -> list[Any]:
    """The stand-ins: what `setup` is to be given first, and the NodeAllocate if it is one."""
    body = pickles.loads(golden.pickle)
    if golden.message == "COMPUTE":
        return [body["node_allocs"][0]["setup_args"][0]]
    picky: StandIn = body["node_alloc"][0]
    return [picky.state()["setup_args"][0], picky]


@pytest.mark.usefixtures("no_imports")
@pytest.mark.parametrize("name", USER_OBJECTS)
def test_user_objects_stay_asleep(name: str) -> None:
    """Decoding and encoding makes stand-ins, and imports nothing."""
    objects = user_objects(named(name))
    assert all(type(type(one)) is StandInType for one in objects)
    assert type(objects[0]).origin == ("__main__", "Params")
    assert pickles.dumps(objects)


@needs_dispy
@pytest.mark.parametrize("name", USER_OBJECTS)
def test_user_objects_wake_up_unchanged(name: str) -> None:
    """Where their classes are known, they are what the user made."""
    command = [sys.executable, "-c", CHECK, str(HERE / "trio" / "user_classes.py")]
    pickled = pickles.dumps(user_objects(named(name)))
    done = subprocess.run(command, input=pickled, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@needs_dispy
def test_user_objects_reach_setup(dispy_reads: Any) -> None:
    """From a client's COMPUTE into the SETUP for a node."""
    golden = named(USER_OBJECTS[0])
    _, body = messages.parse(golden.payload, golden.sender)
    setup_args = body["node_allocs"][0]["setup_args"]
    built = messages.build("SETUP", {"compute_id": 1, "setup_args": setup_args})
    (read,) = dispy_reads([built.removeprefix(b"SETUP:")])
    sent = golden.expected["body"]["node_allocs"][0]["setup_args"]
    assert read == {"compute_id": 1, "setup_args": sent}
