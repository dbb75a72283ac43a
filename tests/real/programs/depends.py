"""A computation with all kinds of things that it depends on."""

from typing import Any

import units
from common import ARGUMENTS, all_told, cluster, run


def third(n):
    return n / 3


class Adder:
    """Comes as a class."""

    def __init__(self, n):
        self.n = n

    def add(self, m):
        return self.n + m


class Power:
    """Comes as an instance of it."""

    def raised(self, n):
        return n**2


def compute(n, name):
    import time

    import units

    time.sleep(0.1)
    with open(name) as file:
        text = file.read()
    return [third(n), Adder(n).add(1), units.double(n), Power().raised(n), text]


def program() -> dict[str, Any]:
    path, name = ARGUMENTS["path"], ARGUMENTS["name"]
    computations = cluster(compute, depends=[path, third, Adder, units, Power()])
    outcomes = all_told([computations.submit(n, name) for n in (3, 6)])
    computations.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
