"""A number over time, in a bounded number of steps: what it adds up to is exact."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gsched.simulation.curve import STEPS, Curve

CHANGES = st.lists(st.tuples(st.floats(0, 50), st.integers(-5, 5)), max_size=50)


@example(changes=[(0.0, 1), (6.0, -1), (0.0, 0)], scale=1.0000000000000002)
@given(CHANGES, st.floats(0.01, 10))
def test_nothing_is_lost_however_long(changes: list[tuple[float, int]], scale: float) -> None:
    curve, now, value, area = Curve(0.01), 0.0, 0, 0.0
    for pause, by in changes:
        area += value * pause * scale
        now, value = now + pause * scale, value + by
        curve.change(by, now)
    assert sum(curve.areas) == pytest.approx(area, abs=1e-6)
    assert len(curve.areas) == STEPS
    if now > 0:
        means = curve.means(now, 7)
        assert sum(means) * now / 7 == pytest.approx(area, abs=1e-6 + abs(area) * 1e-9)


def test_means_are_those_of_their_time() -> None:
    curve = Curve()
    for now, by in ((0.0, 3), (30.0, 2), (60.0, -5), (120.0, 0)):
        curve.change(by, now)
    assert curve.means(120.0, 4) == pytest.approx([3, 5, 0, 0], abs=0.02)
