"""Client program of the demonstration: counts primes."""

import sys

from gsched.demo.client import run, tell

STEP = 60_000
PARTS = 24


def count_primes(start: int) -> int:
    """How many primes are in [start, start + 60000)."""
    found = 0
    for number in range(max(start, 2), start + 60_000):
        if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
            found += 1
    return found


if __name__ == "__main__":
    counts = run(count_primes, range(0, PARTS * STEP, STEP), int(sys.argv[1]))
    tell(result=f"{sum(counts):,} primes below {PARTS * STEP:,}")
