"""How hard the property tests try: the same few hundred examples each time, or many fresh ones.

`HYPOTHESIS_PROFILE=long pytest --timeout=0 tests/unit/core` searches for an hour rather than for
seconds.
"""

import os

from hypothesis import HealthCheck, settings

_QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
_PROFILES = {
    "short": settings(max_examples=100, derandomize=True, database=None, **_QUIET),
    "long": settings(max_examples=20_000, **_QUIET),
}
_MACHINES = {
    "short": settings(_PROFILES["short"], max_examples=80, stateful_step_count=50),
    "long": settings(_PROFILES["long"], max_examples=20_000, stateful_step_count=100),
}
_NAME = "long" if os.environ.get("HYPOTHESIS_PROFILE") == "long" else "short"

VALUES = _PROFILES[_NAME]  # for tests of single functions
MACHINES = _MACHINES[_NAME]  # for tests of the whole core
