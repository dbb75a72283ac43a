"""Computations that use a class: an instance as argument, and a method as computation."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run


class Circle:
    """Goes to the nodes by `depends`, its instances as arguments."""

    def __init__(self, radius):
        self.radius = radius

    def area(self, pi):
        import time

        time.sleep(0.1)
        return pi * self.radius**2


def area_of(circle, pi):
    return circle.area(pi) if circle.radius else None


def program() -> dict[str, Any]:
    circles = [Circle(radius) for radius in range(1, 6)]
    if ARGUMENTS["computation"] == "function":
        areas = cluster(area_of, depends=[Circle])
    else:
        areas = cluster(circles[0].area, depends=[])  # dispy adds the class by itself
    outcomes = all_told([areas.submit(circle, pi=3) for circle in circles])
    areas.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
