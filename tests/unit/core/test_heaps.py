"""The two queues under the choice, against sorted lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.core.model.cluster import Cluster
from gsched.core.model.heap import LazyHeap
from gsched.core.model.job import Job, State
from gsched.core.model.queue import JobQueue

from .profiles import VALUES

ITEMS = st.integers(0, 5)
KEYS = st.integers(0, 8)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("key"), ITEMS, KEYS),
        st.tuples(st.just("lower"), ITEMS, KEYS),
        st.tuples(st.just("gone"), ITEMS, st.none()),
        st.tuples(st.just("discard"), ITEMS, st.none()),
        st.tuples(st.just("top"), st.none(), st.none()),
    ),
    max_size=60,
)


class Model:
    """A heap and what it should hold: items with their present keys."""

    def __init__(self) -> None:
        self.heap: LazyHeap[int] = LazyHeap()
        self.keys: dict[int, tuple[int, int]] = {}

    def step(self, what: str, item: int, key: int | None) -> None:
        """Change something; the heap is told only where it has to be."""
        if what == "key":
            before, self.keys[item] = self.keys.get(item), (key or 0, item)
            if before is None or self.keys[item] < before:
                self.heap.put(item, self.keys[item])
        elif what == "lower":
            self.keys[item] = (key or 0, item)
            self.heap.lower(item, self.keys[item])
        elif what == "gone":
            self.keys.pop(item, None)
        elif what == "discard":
            self.keys.pop(item, None)
            self.heap.discard(item)

    def verify(self) -> None:
        """The top is the item with the smallest key."""
        due = min(self.keys, key=self.keys.__getitem__, default=None)
        assert self.heap.top(self.keys.get) == due


@given(STEPS)
@VALUES
def test_the_top_has_the_smallest_key(steps: list[tuple[str, int, int | None]]) -> None:
    model = Model()
    for what, item, key in steps:
        model.step(what, item, key)
        if what == "top":
            model.verify()
    while model.keys:
        model.verify()
        model.step("discard", min(model.keys, key=model.keys.__getitem__), None)
    model.verify()


def test_a_heap_does_not_grow_with_the_number_of_changes() -> None:
    heap: LazyHeap[str] = LazyHeap()
    for change in range(100_000):
        heap.put("abc"[change % 3], (-change,))
    assert len(heap._entries) <= 3 * 2 + 65
    assert heap.top({"a": (-99_999,), "b": (-99_998,), "c": (-99_997,)}.get) == "a"


def test_a_heap_keeps_nothing_of_what_was_discarded() -> None:
    heap: LazyHeap[int] = LazyHeap()
    for item in range(10_000):
        heap.put(item, (item,))
        heap.discard(item)
    assert len(heap._entries) <= 65 and not heap._keys


def test_clearing_away_loses_no_item() -> None:
    heap: LazyHeap[int] = LazyHeap()
    keys: dict[int, tuple[int]] = {}
    for round_ in range(200):
        for item in reversed(range(20)):
            keys[item] = (item - 20 * round_,)
            heap.put(item, keys[item])
            assert heap.top(keys.get) == min(keys, key=keys.__getitem__)
    order = []
    while (top := heap.top(keys.get)) is not None:
        order.append(top)
        del keys[top]
    assert order == list(range(20))


def test_items_with_equal_keys_are_never_compared() -> None:
    heap: LazyHeap[object] = LazyHeap()
    items = [object() for _ in range(10)]
    for round_ in range(200):
        for item in items:
            heap.put(item, (round_ % 2,))
    assert heap.top(lambda item: (1,)) in items


# -- queues of jobs ---------------------------------------------------------------------------


def job(seq: int) -> Job:
    """A job that waits."""
    job = Job(seq, Cluster(1, 1, "compute", "10.9.9.9", None), None, None)
    job.seq, job.state = seq, State.QUEUED
    return job


class Waiting:
    """A queue and the list that it should be."""

    def __init__(self) -> None:
        self.queue = JobQueue()
        self.jobs: list[Job] = []  # that wait, in order
        self.away: list[Job] = []  # that were taken out and may come back

    def add(self, number: int) -> None:
        """A new job."""
        self.jobs.append(job(number))
        self.queue.add(self.jobs[-1])

    def add_two(self, number: int) -> None:
        """Two new jobs, the later one first."""
        for one in (job(number), job(number - 1)):
            self.jobs = sorted([*self.jobs, one], key=lambda job: job.seq)
            self.queue.add(one)

    def pop(self, _: int) -> None:
        """The first one goes to a node."""
        if self.jobs:
            first = self.queue.pop()
            assert first is self.jobs.pop(0)
            first.state = State.SENDING
            self.away.append(first)

    def put_back(self, number: int) -> None:
        """One comes back."""
        if self.away:
            back = self.away.pop(number % len(self.away))
            back.state = State.QUEUED
            self.queue.put_back(back)
            self.jobs = sorted([*self.jobs, back], key=lambda job: job.seq)

    def end(self, number: int) -> None:
        """One ends while it waits."""
        if self.jobs:
            self.jobs.pop(number % len(self.jobs)).state = State.DONE


@given(
    st.lists(st.sampled_from(["add", "add_two", "pop", "put_back", "end"]), max_size=80), st.data()
)
@VALUES
def test_jobs_come_in_the_order_of_submission(steps: list[str], data: st.DataObject) -> None:
    waiting = Waiting()
    for at, step in enumerate(steps, 1):
        number = 2 * at if step.startswith("add") else data.draw(st.integers(0, 10))
        getattr(waiting, step)(number)
        assert waiting.queue.head() is (waiting.jobs[0] if waiting.jobs else None)
        assert sorted(job.seq for job in waiting.queue) == [job.seq for job in waiting.jobs]


def test_nothing_can_be_taken_from_an_empty_queue() -> None:
    queue = JobQueue()
    assert queue.head() is None
    with pytest.raises(IndexError):
        queue.pop()


def test_a_key_is_mended_while_what_is_out_of_date_is_cleared_away() -> None:
    """By the search itself, which goes on with what is left."""
    heap = LazyHeap[int]()
    keys = {item: (item,) for item in range(300)}
    for item, key in keys.items():
        heap.put(item, key)
    for item in range(50, 300):
        heap.discard(item)
        del keys[item]
    order = []
    for item in range(50):
        keys[item] = (1000 - item,)
    while (item := heap.top(lambda item: keys.get(item))) is not None:
        order.append(item)
        del keys[item]
    assert order == list(reversed(range(50)))
