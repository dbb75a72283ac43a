"""Which nodes an allocation means, and how many of their CPUs."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.core.model.lease import Allocation, glob
from gsched.core.model.node import Node

from .profiles import VALUES

TEXTS = st.text("ab.", max_size=10)
PATTERNS = st.text("ab.**", max_size=8)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("*", ""),
        ("*", "10.0.0.1"),
        ("10.*", "10.0.0.1"),
        ("10.*.1", "10.0.0.1"),
        ("*.0.*.1", "10.0.0.1"),
        ("**0**", "10.0.0.1"),
        ("fe80::*", "fe80::1"),
    ],
)
def test_a_star_stands_for_any_text(pattern: str, text: str) -> None:
    assert glob(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("10.0.0.1", "10.0.0.11"),
        ("", "10.0.0.1"),
        ("10.0.0.?", "10.0.0.1"),
        ("10.0.0.[1]", "10.0.0.1"),
        ("10x0.0.1", "10.0.0.1"),
        ("10.0.0.1", "10x0y0z1"),
        ("10.*.0.1", "10x7y0z1"),
        ("10.0.0.1*1", "10.0.0.1"),
        ("a*a", "a"),
        ("ab*ba", "aba"),
    ],
)
def test_all_else_stands_for_itself(pattern: str, text: str) -> None:
    assert not glob(pattern, text)


@given(PATTERNS, TEXTS)
@VALUES
def test_patterns_mean_what_their_regular_expressions_do(pattern: str, text: str) -> None:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert glob(pattern, text) == bool(re.fullmatch(expression, text, re.DOTALL))


@given(st.lists(st.text("ab", max_size=3), max_size=5))
@VALUES
def test_a_text_matches_itself_with_any_parts_left_out(parts: list[str]) -> None:
    text = "".join(parts)
    for at in range(len(parts)):
        assert glob("".join([*parts[:at], "*", *parts[at + 1 :]]), text)


def test_hostile_patterns_take_no_time() -> None:
    """Where a regular expression or a naive recursion would take years."""
    begin = time.perf_counter()
    assert not glob("*a" * 2_000 + "*b", "a" * 50_000)
    assert glob("*a*b" * 1_000 + "*", "ab" * 20_000)
    assert time.perf_counter() - begin < 5.0


def node(address: str, port: int = 51348) -> Node:
    """A node as far as allocations see it."""
    node = Node(1, address)
    node.port = port
    return node


@pytest.mark.parametrize(
    ("wanted", "port", "matches"),
    [(None, 51348, True), (51348, 51348, True), (51348, 51400, False), (51348, 0, True)],
)
def test_a_port_matters_where_both_sides_name_one(
    wanted: int | None, port: int, matches: bool
) -> None:
    assert Allocation("10.*", port=wanted).matches(node("10.0.0.1", port)) == matches
    assert not Allocation("11.*", port=wanted).matches(node("10.0.0.1", port))


@pytest.mark.parametrize(
    ("cpus", "total", "limit"),
    [(0, 8, None), (3, 8, 3), (9, 8, 9), (-3, 8, 5), (-7, 8, 1), (-8, 8, None), (-9, 8, None)],
)
def test_limits_of_cpus(cpus: int, total: int, limit: int | None) -> None:
    """So many, or all but so many; an allocation that would leave none is taken for all."""
    assert Allocation("*", cpus=cpus).limit(total) == limit
