"""The table of transitions: each row leads where it says, all else is a bug with a story."""

from itertools import product

import pytest

from gsched.core.model.cluster import Cluster
from gsched.core.model.job import TRANSITIONS, Event, Impossible, Job, State

IMPOSSIBLE = [pair for pair in product(State, Event) if pair not in TRANSITIONS]


def name(value: object) -> str:
    """How a case is called."""
    return value.value if isinstance(value, State | Event) else str(value)


@pytest.fixture
def job() -> Job:
    """A job that nothing has happened to."""
    return Job(7, Cluster(1, 1, "compute", "10.9.9.9", None), None, "message")


@pytest.mark.parametrize(
    ("before", "event", "after"), [(*k, v) for k, v in TRANSITIONS.items()], ids=name
)
def test_an_event_leads_to_its_state(job: Job, before: State, event: Event, after: State) -> None:
    job.state = before
    job.move(event, 3.0, "so it goes")
    assert job.state is after
    assert list(job.events()) == [(3.0, event.value, "so it goes")]


@pytest.mark.parametrize(("state", "event"), IMPOSSIBLE, ids=name)
def test_an_impossible_event_raises_with_the_story(job: Job, state: State, event: Event) -> None:
    job.story += (1.0, "offered", "")
    job.state = state
    with pytest.raises(Impossible) as failure:
        job.move(event, 3.5, "late")
    story = f"job 7 of compute @ 10.9.9.9: +0.000 offered, +2.500 {event.value} (late)"
    assert str(failure.value) == f"{event.value} in state {state.value}: {story}"
    assert job.state is state


def test_every_state_can_be_reached_and_only_gone_is_final() -> None:
    assert {*TRANSITIONS.values(), State.OFFERED} == set(State)
    assert {before for before, _ in TRANSITIONS} == set(State) - {State.GONE}


def test_a_job_without_a_past_has_a_story_too(job: Job) -> None:
    assert job.tell() == "job 7 of compute @ 10.9.9.9: "
