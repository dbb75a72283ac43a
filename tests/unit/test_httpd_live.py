"""Live updates: what readers of the stream are told, and when nothing is done at all."""

import json
import logging
from copy import deepcopy

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.sse import Reader, next_event, parsed

from gsched.httpd.live.changes import Seen, changes
from gsched.httpd.live.encoding import SOME, encode, encode_by_turns
from gsched.httpd.live.publisher import Publisher, TooManyStreamsError
from gsched.httpd.live.stream import QUEUE, Stream


class Source:
    """A state that tests change; fails while `error` is set, and counts how often it was asked."""

    def __init__(self):
        self.taken = 0
        self.error = None
        self.state = {"epoch": "run7", "nodes": [], "clusters": []}

    def __call__(self):
        if self.error:
            raise self.error
        self.taken += 1
        return deepcopy(self.state) | {"taken": self.taken}

    def node(self, address="10.0.0.1", **fields):
        """A node comes, or changes."""
        known = {row["address"]: row for row in self.state["nodes"]}
        known[address] = known.get(address, {"address": address}) | fields
        self.state["nodes"] = list(known.values())


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def publisher(source):
    made = Publisher(source, interval=0.01, limit=3)
    yield made
    made.close()


def wait_until(condition):
    with gevent.Timeout(30):
        while not condition():
            gevent.sleep(0.01)


def data(event):
    return json.loads(event["data"])


# What is told


def test_a_stream_opens_at_once_tells_the_whole_and_then_what_is_new(publisher, source):
    source.node(busy=1, name="atlas")
    stream = publisher.subscribe()
    assert parsed(next(stream)) == {"retry": "2000"}
    first = next_event(stream)
    assert (first["event"], first["id"]) == ("snapshot", "run7-1")
    nodes = [{"address": "10.0.0.1", "busy": 1, "name": "atlas"}]
    whole = {"seq": 1, "epoch": "run7", "nodes": nodes, "clusters": [], "taken": 1}
    assert data(first) == whole
    source.node(busy=2)
    second = next_event(stream)
    assert (second["event"], second["id"]) == ("delta", "run7-2")
    gone = {"nodes": [], "clusters": []}
    rest = {"clusters": {}, "gone": gone, "taken": 2}
    assert data(second) == {"seq": 2, "nodes": {"10.0.0.1": {"busy": 2}}, **rest}
    assert data(next_event(stream)) == {"seq": 3, "nodes": {}, **rest, "taken": 3}


def test_what_grows_by_itself_is_not_told_each_second():
    before, after = ({"uptime": x, "nodes": [{"address": "a", "heard": x}]} for x in (1, 2))
    assert changes(Seen(before), Seen(after))["nodes"] == {}
    assert "uptime" not in changes(Seen(before), Seen(after))


FIELDS = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2))
STATES = st.fixed_dictionaries(
    {
        "nodes": st.dictionaries(st.sampled_from("abcd"), FIELDS),
        "clusters": st.dictionaries(st.sampled_from("123"), FIELDS),
        "totals": FIELDS,
    }
)


@given(st.lists(STATES, min_size=2, max_size=6))
def test_who_follows_the_changes_knows_the_state(states):
    reader, before = Reader(), None
    for seq, state in enumerate(states, 1):
        # A row's fields are always the same ones in life.
        full = dict.fromkeys("xyz", 0)
        nodes = [full | row | {"address": key} for key, row in state["nodes"].items()]
        clusters = [full | row | {"id": key} for key, row in state["clusters"].items()]
        now = Seen({"nodes": nodes, "clusters": clusters, "totals": state["totals"]})
        told = now.snapshot if before is None else changes(before, now)
        event = "snapshot" if before is None else "delta"
        reader.hear({"event": event, "data": json.dumps({"seq": seq} | told)})
        assert reader.state["totals"] == state["totals"]
        assert {row["address"]: row for row in reader.state["nodes"]} == now.rows["nodes"]
        assert {row["id"]: row for row in reader.state["clusters"]} == now.rows["clusters"]
        before = now


def test_another_epoch_is_told_as_a_whole(publisher, source):
    stream = publisher.subscribe()
    assert next_event(stream)["event"] == "snapshot"
    source.state["epoch"] = "run8"
    event = next_event(stream)
    while event["event"] == "delta":
        event = next_event(stream)
    assert (event["event"], data(event)["epoch"]) == ("resync", "run8")


def test_one_snapshot_and_one_encoding_serve_all_streams(publisher, source):
    streams = [publisher.subscribe() for _ in range(3)]
    for stream in streams:
        next(stream)
    for _ in range(3):
        chunks = [next(stream) for stream in streams]
        assert chunks[0] == chunks[1] == chunks[2]
        assert chunks[0] is chunks[1] or b"event: snapshot" in chunks[0]
    assert source.taken == 3


def test_a_latecomer_gets_the_whole_without_waiting(source):
    publisher = Publisher(source, interval=3600)
    next_event(publisher.subscribe())
    late = next_event(publisher.subscribe())
    assert (late["event"], late["id"], source.taken) == ("snapshot", "run7-1", 1)
    publisher.close()


def test_nothing_is_taken_while_nobody_watches(publisher, source):
    assert (source.taken, publisher.running) == (0, False)
    first, last = publisher.subscribe(), publisher.subscribe()
    next_event(first)
    first.close()
    assert publisher.running
    last.close()
    assert publisher.watched == 0
    wait_until(lambda: not publisher.running)
    taken = source.taken
    event = next_event(publisher.subscribe())
    assert (event["event"], event["id"]) == ("snapshot", f"run7-{taken + 1}")


# Readers that lag, and trouble


def test_a_reader_that_lags_is_told_the_whole_again(publisher, source):
    slow, quick = publisher.subscribe(), publisher.subscribe()
    newest = next_event(quick)
    while int(newest["id"].split("-")[1]) <= QUEUE:
        source.node(busy=newest["id"])
        newest = next_event(quick)
    events = [next_event(slow) for _ in range(2)]
    assert [event["event"] for event in events] == ["resync", "delta"]
    assert publisher.resyncs == 1
    reader = Reader()
    for event in events:
        reader.hear(event)
    assert reader.state["nodes"][0]["address"] == "10.0.0.1"
    assert data(events[0])["taken"] == QUEUE + 1


def test_who_has_to_go_is_not_kept_by_what_comes_later():
    stream = Stream(lambda _: None)
    next(stream)
    stream.end()
    for _ in range(QUEUE + 2):
        stream.put(b"event: delta\n\n")
    assert [parsed(chunk)["event"] for chunk in stream] == ["bye"]


def test_a_silent_stream_says_that_it_lives():
    stream = Stream(lambda _: None, heartbeat=0.01)
    next(stream)
    assert next(stream).startswith(b":")


@pytest.mark.parametrize("seen", [True, False], ids=["while it is watched", "from the start"])
def test_trouble_is_told_and_logged_once_and_passes(publisher, source, caplog, seen):
    caplog.set_level(logging.INFO, "gsched.httpd")
    stream = publisher.subscribe()
    if seen:
        next_event(stream)
    source.error = RuntimeError("secret detail")
    told = [next_event(stream) for _ in range(6)]
    told = [event for event in told if event["event"] not in ("delta", "snapshot")]
    assert {event["event"] for event in told} == {"trouble"}
    assert "secret" not in str(told)
    source.error = None
    event = next_event(stream)
    while event["event"] == "trouble":
        event = next_event(stream)
    assert event["event"] == ("resync" if seen else "snapshot")
    assert data(event)["epoch"] == "run7"
    levels = [(record.levelname, bool(record.exc_info)) for record in caplog.records]
    assert levels == [("ERROR", True), ("INFO", False)]


def test_what_json_cannot_hold_is_trouble_too(publisher, source, caplog):
    source.node(cpu_time=1.0)
    stream = publisher.subscribe()
    assert next_event(stream)["event"] == "snapshot"
    source.node(cpu_time=float("nan"))
    event = next_event(stream)
    while event["event"] == "delta":
        event = next_event(stream)
    assert event["event"] == "trouble"
    assert "Out of range float" in caplog.text


def test_closing_says_good_bye_and_takes_nobody_new(publisher):
    stream = publisher.subscribe()
    next_event(stream)
    publisher.close()
    assert [parsed(chunk)["event"] for chunk in stream][-1] == "bye"
    with pytest.raises(TooManyStreamsError):
        publisher.subscribe()
    wait_until(lambda: not publisher.running)


def test_a_publisher_that_dies_starts_again_for_the_next_reader(publisher, monkeypatch, caplog):
    monkeypatch.setattr(publisher, "_report", lambda _: 1 / 0)
    stream = publisher.subscribe()
    assert [parsed(chunk).get("event") for chunk in stream][-1] == "bye"
    assert "the page's publisher died" in caplog.text
    monkeypatch.undo()
    stream.close()
    assert next_event(publisher.subscribe())["event"] == "snapshot"


# Turns


@pytest.mark.parametrize("rows", [0, 1, SOME, SOME + 1, 3 * SOME])
def test_a_long_list_is_the_same_bytes_and_lets_others_run(rows):
    turns = []
    nodes = [{"n": number} for number in range(rows)]
    by_name = {str(number): row for number, row in enumerate(nodes)}
    row = {"nodes": nodes, "new": by_name, "text": "é", "none": None}
    assert encode_by_turns(row, lambda: turns.append(1)) == encode(row)
    assert len(turns) == (2 * -(-rows // SOME) if rows > SOME else 0)


def test_many_changes_let_others_run():
    before, after = (
        Seen({"nodes": [{"address": str(x), "busy": busy} for x in range(2 * SOME)]})
        for busy in (1, 2)
    )
    turns = []
    assert len(changes(before, after, lambda: turns.append(1))["nodes"]) == 2 * SOME
    assert len(turns) == 2


def test_a_large_state_holds_nobody_up_for_long(source):
    source.state["nodes"] = [{"address": str(n), "note": "x" * 100} for n in range(20_000)]
    publisher, turns = Publisher(source), []
    stream = publisher.subscribe()
    next(stream)
    other = gevent.spawn(lambda: [turns.append(gevent.sleep(0)) for _ in range(30)])
    next(stream)
    assert len(turns) >= 20_000 // SOME - 15
    other.kill()
    publisher.close()
