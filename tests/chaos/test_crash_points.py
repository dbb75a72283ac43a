"""The scheduler is killed at one certain byte of an exchange.

Client and node are played: they can stop right there, and tell what they were told, and how often.
"""

import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any

import pytest
from account import check_state_is_empty
from peers import Gsched, Stage, wait_until
from peers.played_client import NAK, PlayedClient
from peers.played_node import ACK, PlayedNode, frame
from peers.stage import QUICK

from gsched.store.journal import NAME
from gsched.wire import records
from gsched.wire.pickles import loads

pytestmark = pytest.mark.real

EXPECTED = "abandoned"


class Scene:
    """The scheduler between the two."""

    def __init__(self, stage: Stage, reentrant: bool) -> None:
        self._stage = stage
        self.node = PlayedNode(next(stage.addresses), stage.base + 1)
        self.gsched = stage.gsched(*QUICK, "-n", self.node.address)
        self.gsched.wait_for_totals(nodes=1)
        self._reentrant = reentrant
        self.clients: list[PlayedClient] = []

    def client(self) -> PlayedClient:
        """A client that may submit."""
        place = (self.gsched.address, self._stage.base + 2)
        client = PlayedClient(self.gsched.address, place, reentrant=self._reentrant)
        self.clients.append(client)
        return client

    def kill(self) -> None:
        """And start it anew, in the same place."""
        self.gsched.kill()
        self.gsched = self.again()

    def again(self) -> Gsched:
        gsched = self._stage.again(self.gsched, *QUICK)
        gsched.allowed.append(EXPECTED)
        return gsched

    def runs(self) -> list[int]:
        """Uids of jobs, as often as the node was sent them."""
        return sorted(body.uid for name, body in self.node.heard if name == "JOB")

    def end(self) -> None:
        """Nothing is left."""
        for client in self.clients:
            client.close()
        self.gsched.wait_for_totals(clusters=0)
        assert self.gsched.terminate() == 0
        check_state_is_empty(self.gsched)

    def stop(self) -> None:
        """The played ones."""
        for peer in (self.node, *self.clients):
            peer.stop()


@pytest.fixture
def scene(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Scene]:
    scene = Scene(stage, getattr(request, "param", False))
    yield scene
    scene.stop()


def answer(client: PlayedClient, uid: int) -> Any:
    """The last word on a job."""
    wait_until(lambda: uid in client.finals, f"an answer for {uid}")
    return client.finals[uid]


def result(client: PlayedClient, uid: int) -> Any:
    return loads(answer(client, uid).result)


def test_between_the_uid_and_its_confirmation(scene: Scene) -> None:
    """The client may have said that it knows the job, so it counts."""
    client = scene.client()
    with client.offer("a") as (_, stream):
        uid = client.uid(stream)
        scene.kill()
    assert result(client, uid) == "a"
    assert scene.runs() == [uid]
    scene.end()


def test_at_any_moment_of_a_submission(scene: Scene) -> None:
    """Whatever has a uid is answered, and runs once; without, it may be known or not."""
    client, dice = scene.client(), Random(1)
    for number in range(6):
        with client.offer(number) as (sock, stream):
            time.sleep(dice.uniform(0, 0.004))  # the moment is the point
            scene.gsched.kill()
            try:
                uid = client.uid(stream)
                sock.sendall(frame(ACK))
            except OSError:
                pass
        scene.gsched = scene.again()
    for uid in client.known:
        answer(client, uid)
    assert len(scene.runs()) == len(set(scene.runs()))
    assert set(client.known) <= set(scene.runs())
    scene.end()


@pytest.mark.parametrize("scene", [False, True], indirect=True)
def test_between_compute_and_setup(scene: Scene) -> None:
    """The computation is taken from the node and set up anew: nobody knows how far that was."""
    hold = threading.Event()
    usual = scene.node._compute
    scene.node._compute = lambda *given: (hold.wait(5), usual(*given))[1]  # type: ignore[method-assign]
    client = scene.client()
    uid = client.submit("a")
    wait_until(lambda: scene.node.bodies("COMPUTE"), "the node is to be set up")
    scene.gsched.kill()
    hold.set()
    scene.gsched = scene.again()
    assert result(client, uid) == "a"
    names = [name for name, _ in scene.node.heard if name in ("COMPUTE", "SETUP", "CLOSE", "JOB")]
    assert names[-3:] == ["COMPUTE", "SETUP", "JOB"] and "CLOSE" in names
    scene.end()


@pytest.mark.parametrize("scene", [False, True], indirect=True)
@pytest.mark.parametrize("taken", [True, False])
def test_after_the_job_before_the_node_confirms_it(scene: Scene, taken: bool) -> None:
    """It may have started: the node is asked."""
    scene.node.gate.clear()
    usual = scene.node._job
    hold = threading.Event()

    def keep_waiting(body: Any, *rest: Any) -> Any:
        reply = usual(body, *rest) if taken else None
        hold.wait(20)
        return reply

    client = scene.client()
    scene.node._job = keep_waiting  # type: ignore[method-assign]
    uid = client.submit("a")
    wait_until(lambda: scene.node.bodies("JOB"), "the node has it")
    scene.node._job = usual  # type: ignore[method-assign]
    scene.kill()
    hold.set()
    scene.node.gate.set()
    last = answer(client, uid)
    if taken:
        assert loads(last.result) == "a" and scene.runs() == [uid]
    elif scene.clients[0].reentrant:
        assert loads(last.result) == "a" and scene.runs() == [uid, uid]
    else:
        assert last.status == records.ABANDONED and scene.runs() == [uid]
        assert "did not have it when the scheduler was there again" in last.exception
    scene.end()


def test_when_a_result_has_come_and_is_not_delivered(scene: Scene) -> None:
    """The node was told that it may forget it, so it is kept until the client has it."""
    client = scene.client()
    client.silent.set()
    uid = client.submit("a")
    client.wait_for("JOB_REPLY")
    wait_until(lambda: not scene.node.jobs, "the node has forgotten the job")
    scene.kill()
    client.wait_for("JOB_REPLY")
    scene.gsched.kill()
    client.silent.clear()
    scene.gsched = scene.again()
    assert result(client, uid) == "a"
    assert scene.runs() == [uid]
    scene.end()


@pytest.mark.parametrize("read", [True, False], ids=["read", "unread"])
def test_between_a_delivery_and_its_commit(scene: Scene, read: bool) -> None:
    """The client has confirmed a result, which is still in the journal when the next run starts.

    It is told again and says NAK: it has it, so it is not shown it twice, nor told once more.
    """
    client = scene.client()
    client.gate.clear()
    uid = client.submit("a")
    client.wait_for("JOB_REPLY")
    path, results = scene.gsched.state_folder / NAME, "SELECT uid FROM results"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as journal:
        wait_until(lambda: journal.execute(results).fetchall() == [(uid,)], "the result is kept")
        journal.execute("BEGIN IMMEDIATE")  # from now on nothing is committed
        if not read:
            scene.gsched.send(signal.SIGSTOP)
        client.gate.set()
        wait_until(lambda: client.said == [ACK], "the client has confirmed")
        if read:
            wait_until(lambda: not scene.gsched.jobs(), "that is read")
        scene.gsched.kill()
        assert journal.execute(results).fetchall() == [(uid,)]
        journal.execute("ROLLBACK")
    scene.gsched = scene.again()
    wait_until(lambda: len(client.said) == 2, "the client is told again")
    assert client.said == [ACK, NAK]
    assert result(client, uid) == "a" and scene.runs() == [uid]
    scene.end()
    assert len(client.said) == 2


def test_right_after_a_delivery(scene: Scene) -> None:
    """The client may be told again, which it says NAK to; no other answer ever comes."""
    client = scene.client()
    uids = []
    for number in range(4):
        uids.append(client.submit(number))
        answer(client, uids[-1])
        scene.kill()
    assert [result(client, uid) for uid in uids] == [0, 1, 2, 3]
    assert scene.runs() == uids
    scene.gsched.wait_for_totals(waiting=0, running=0)
    scene.end()
