"""What is kept is all that a restart needs, at every moment."""

from pathlib import Path

import pytest
from kept import Kept, essence, is_set_up, over

from gsched.core.scheduler import Scheduler


@pytest.mark.parametrize("seed", range(30))
def test_a_restart_at_any_moment_finds_all(tmp_path: Path, seed: int) -> None:
    kept = Kept(tmp_path, seed)
    for _ in range(120):
        kept.step()
        end, restored = over(kept.scheduler), kept.restored()
        assert essence(restored, end) == essence(kept.scheduler, end)
        assert half_done(kept.scheduler) <= half_done(restored)


def half_done(scheduler: Scheduler) -> set[tuple[int, str]]:
    """Nodes that are, or may be, about to be set up, or left."""
    leases = [x for node in scheduler.nodes.values() for x in node.leases.values()]
    return {(x.cluster.id, x.node.address) for x in leases if not is_set_up(x)}
