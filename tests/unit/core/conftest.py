"""Worlds for the tests of the core."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .world import World

Make = Callable[..., World]


@pytest.fixture
def make_world() -> Iterator[Make]:
    """Makes worlds; none may be left with an effect that nobody expected."""
    worlds: list[World] = []

    def make(algorithm: str = "submitted", **options: Any) -> World:
        worlds.append(World(algorithm, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.quiet()


@pytest.fixture
def world(make_world: Make) -> World:
    """A world with the default options."""
    return make_world()
