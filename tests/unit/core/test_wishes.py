"""Which allocation counts for a node, however many there are."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gsched.core.model.lease import Allocation
from gsched.core.model.wishes import Wishes

HOSTS = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.*", "*.1", "*", "10.1.0.1", "name"])
ALLOCATIONS = st.builds(Allocation, HOSTS, st.sampled_from([None, 0, 1, 2]), st.integers(0, 3))


def node(address: str, port: int = 1) -> Any:
    return SimpleNamespace(address=address, port=port)


@given(st.lists(ALLOCATIONS), st.lists(ALLOCATIONS), HOSTS, st.sampled_from([0, 1, 2]))
def test_the_first_that_matches(
    first: list[Allocation], later: list[Allocation], address: str, port: int
) -> None:
    """As if all were tried one after the other."""
    wishes = Wishes(first)
    wishes.add(later)
    wanted = next((x for x in first + later if x.matches(node(address, port))), None)
    assert wishes.first(node(address, port)) is wanted
    assert list(wishes) == [
        x
        for n, x in enumerate(first + later)
        if (x.host, x.port or None) not in [(y.host, y.port or None) for y in (first + later)[:n]]
    ]
    assert wishes.patterns == sum("*" in x.host for x in wishes)


def test_those_of_other_addresses_are_not_looked_at() -> None:
    class Untouched(Allocation):
        def matches(self, node: Any) -> bool:
            raise AssertionError("looked at")

    wishes = Wishes(Untouched(f"10.1.{n >> 8}.{n & 255}") for n in range(10_000))
    wishes.add([Allocation("10.0.0.*")])
    found = wishes.first(node("10.0.0.1"))
    assert found and found.host == "10.0.0.*"
    assert wishes.first(node("10.2.0.1")) is None


def test_the_same_again_takes_no_room() -> None:
    """Clients may ask as often as they want."""
    wishes = Wishes()
    for _ in range(1000):
        wishes.add([Allocation("10.0.0.1"), Allocation("*")])
    assert len(wishes) == 2
