"""Thousands of jobs of many nodes and clients, under all that can go wrong at once.

The peers are fake, so that there may be many; what gsched does with real ones is seen elsewhere.
"""

import os
import re
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from account import ROUNDS, SEEDS, TIMEOUT, check_state_is_empty
from crowd import Client, Crowd
from peers import Stage
from peers.mounts import Disk, small_disk
from peers.process import PATIENCE
from peers.stage import QUICK

from gsched.wire.records import ABANDONED, FINISHED

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(TIMEOUT),
    pytest.mark.skipif("CHAOS_ROUNDS" not in os.environ, reason="takes minutes: make chaos"),
]

NODES, CPUS = 12, 4
WINDOW = 60  # jobs of a client that have no answer yet
DISK = 64 << 20  # bytes
STEADY = 200 * ROUNDS  # jobs of the last part
GROWTH = 12e6  # bytes that the scheduler may take for what it has learnt since it was warm

OPTIONS = (*QUICK, "--min_free_disk", "0")
EXPECTED = "abandoned|The state cannot be kept|history is not kept|is given up"


class World:
    """The scheduler, those around it, and what happens to them."""

    def __init__(self, stage: Stage, disk: Disk, seed: int) -> None:
        self._stage, self._disk, self.dice = stage, disk, Random(seed)
        address = next(stage.addresses)
        place = ("--dest_path_prefix", str(disk.folder / "state"))
        self.gsched = stage.gsched(*OPTIONS, *place, address=address)
        self.gsched.state_folder = disk.folder / "state"
        self.gsched.allowed.append(EXPECTED)
        self.crowd = Crowd(address, stage.base, 9800, self.dice)
        self.nodes = [self.crowd.add_node(next(stage.addresses), CPUS) for _ in range(NODES)]
        self._restarts = [*self.nodes]  # often, and a node would be left alone for a minute
        self.clients = [Client(self.crowd, reentrant, WINDOW) for reentrant in (False, True) * 2]
        self.run(lambda: all(one.ready for one in self.clients), "clients come in")

    def run(self, done: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        """All go on until it is so."""
        assert self.crowd.loop.run(done, patience), f"waited {patience:.0f} s in vain: {what}"

    def pause(self, seconds: float) -> None:
        """All go on for so long."""
        self.crowd.loop.pause(seconds)

    # -- misfortunes --------------------------------------------------------------------------

    def kill(self) -> None:
        """The scheduler; and start it anew, after a while or at once."""
        self.gsched.kill()
        self.pause(self.dice.choice([0.0, 0.3]) * self.dice.random())
        self.gsched = self._stage.again(self.gsched, *OPTIONS, ready=False)
        self.gsched.allowed.append(EXPECTED)
        self.run(lambda: "is ready" in self.gsched.out, "the next run")
        self.gsched.wait_until_ready()

    def restart_node(self) -> None:
        """It loses what it has."""
        if self._restarts:
            self._restarts.pop(self.dice.randrange(len(self._restarts))).restart()

    def send_client_away(self) -> None:
        """It takes no results for a while."""
        client = self.dice.choice(self.clients)
        client.away = True
        self.pause(self.dice.random())
        client.away = False

    def fill_disk(self) -> None:
        """No new jobs are taken for a while."""
        self._disk.fill()
        self.pause(self.dice.random())
        self._disk.free()

    # -- sums ---------------------------------------------------------------------------------

    @property
    def finals(self) -> Counter[int | None]:
        """How the jobs that have a uid came to their ends."""
        return Counter(end for client in self.clients for end in client.finals.values())

    def settle(self) -> None:
        """No more jobs come; all that are known get their answers."""
        for client in self.clients:
            client.wanted = False
        self.run(lambda: not any(x.open_jobs for x in self.clients), "answers", TIMEOUT / 2)

    def figures(self) -> dict[str, float]:
        """What the scheduler takes."""
        with urllib.request.urlopen(f"{self.gsched.page}metrics", timeout=PATIENCE) as answer:
            text = answer.read().decode()
        names = ("process_open_fds", "process_resident_memory_bytes", "gsched_greenlets")
        return {name: float(re.findall(rf"^{name} (\S+)", text, re.M)[0]) for name in names}


@pytest.fixture
def world(stage: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    with small_disk(tmp_path / "disk", DISK) as disk:
        world = World(stage, disk, request.param)
        yield world
        world.crowd.close()


@pytest.mark.parametrize("world", SEEDS, indirect=True)
def test_all_at_once(
    world: World, tell: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    misfortunes = (world.restart_node, world.send_client_away, world.fill_disk)
    for _ in range(ROUNDS):
        world.pause(world.dice.choice([0.1, 1.0]) * world.dice.random())
        world.dice.choice(misfortunes)()
        world.kill()
    world.settle()
    check_answers(world)
    steady(world)
    check_answers(world)
    world.crowd.calm = True  # a node whose CLOSE is lost stays taken until its own timer looks
    for client in world.clients:
        client.leave()
    world.run(lambda: is_empty(world), "nothing is left")
    assert world.gsched.terminate() == 0
    check_state_is_empty(world.gsched)
    finals, crowd = world.finals, world.crowd
    tell(
        seed=request.node.callspec.params["world"],
        kills_of_the_scheduler=ROUNDS,
        jobs=finals.total(),
        finished=finals[FINISHED],
        abandoned=finals[ABANDONED],
        connections_cut=crowd.cuts,
        results_told_again=crowd.repeats,
    )


def check_answers(world: World) -> None:
    """Each job that has a uid has one end, and none has run too often.

    A client may have a result before the journal has it. If the scheduler and the node both lose it
    then, the next run finds that the job is lost; the client, which knows better, says NAK to that.
    """
    assert set(world.finals) <= {FINISHED, ABANDONED}
    assert world.finals[FINISHED] > 0.9 * world.finals.total()
    for client in world.clients:
        assert set(client.others) <= {(FINISHED, ABANDONED)}
        starts = [world.crowd.starts[hash_] for hash_ in client.finals]
        if client.reentrant:
            assert ABANDONED not in client.finals.values()
        else:
            assert max(starts) == 1
        ran = zip(client.finals.values(), starts, strict=True)
        assert all(start for end, start in ran if end == FINISHED)


def steady(world: World) -> None:
    """A scheduler that goes on takes no more than at first, though connections are cut as ever."""
    world.pause(1.0)
    before = world.figures()
    done = [world.finals[FINISHED] + STEADY * part // 4 for part in (1, 4)]
    for client in world.clients:
        client.wanted = True
        client.submit()
    world.run(lambda: world.finals[FINISHED] > done[0], "jobs", TIMEOUT / 2)
    warm = world.figures()
    world.run(lambda: world.finals[FINISHED] > done[1], "jobs", TIMEOUT / 2)
    busy = world.figures()
    world.settle()
    assert busy["process_resident_memory_bytes"] - warm["process_resident_memory_bytes"] < GROWTH
    world.run(lambda: is_idle(world, before), "connections and greenlets are gone")


def is_empty(world: World) -> bool:
    """Whether all clusters are gone, and nodes are free."""
    world.pause(0.2)
    gone = not world.gsched.status()["totals"]["clusters"]
    return gone and not any(node.computations for node in world.nodes)


def is_idle(world: World, before: dict[str, float]) -> bool:
    """Whether it has no more open, and under way, than before the last jobs."""
    world.pause(0.2)
    now = world.figures()
    return all(now[x] <= before[x] for x in ("process_open_fds", "gsched_greenlets"))
