"""Scenario: a large file on its way from a client to nodes."""

from bench import messages
from bench.rig import Rig, Span

Figures = dict[str, float]
MB = 1_000_000


def transfer(rig: Rig, size: int) -> Figures:
    """A client brings a file; then one node needs it, then four nodes at once."""
    rig.loop.pause(0.5)  # what is left of the start is none of the file's
    (client,) = rig.clients.add(files=[messages.file("/data/large.bin", size * MB)])
    with rig.span() as up:
        rig.come_in([client])
    before = rig.scheduler.most_memory()
    one, four = _spread(rig, 1), _spread(rig, 4)
    growth = (rig.scheduler.most_memory() - before) / 1e6
    copies = {"up": (up, 1), "one": (one, 1), "four": (four, 4)}
    rates = {f"{name}_rate": size * count / span.seconds for name, (span, count) in copies.items()}
    cpu = {f"{name}_cpu": span.cpu / count / size * 1e5 for name, (span, count) in copies.items()}
    return rates | cpu | {"growth": growth}


def _spread(rig: Rig, count: int) -> Span:
    """So many more nodes come, and get it."""
    nodes, goal = rig.nodes.add(count, 4), rig.nodes.ready + count
    rig.learn_sign()
    with rig.span() as span:
        rig.nodes.announce(nodes)
        rig.wait(lambda: rig.nodes.ready >= goal, "nodes have the file")
    return span
