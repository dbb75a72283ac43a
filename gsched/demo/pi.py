"""Client program of the demonstration: throws darts at a circle."""

import sys

from gsched.demo.client import run, tell

DARTS = 1_000_000
PARTS = 24


def hits(seed: int) -> int:
    """How many of a million darts hit the quarter of a circle."""
    import random

    dice = random.Random(seed)  # nosec B311  # dice, no secret
    return sum(dice.random() ** 2 + dice.random() ** 2 < 1 for _ in range(1_000_000))


if __name__ == "__main__":
    total = sum(run(hits, range(PARTS), int(sys.argv[1])))
    tell(result=f"pi is about {4 * total / (PARTS * DARTS):.4f}")
