"""Clients are told the same by gsched as by dispy's own scheduler: both are run and compared."""

import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from peers import Process, Stage, wait_until
from peers.stage import Node

pytestmark = pytest.mark.real

NO_CGI = (3, 13)  # dispyscheduler needs a module that this Python has removed


class Dispyscheduler(Process):
    """What gsched takes the place of."""

    def __init__(self, folder: Path, address: str, base: int, nodes: list[Node]) -> None:
        self.address = address
        self._port = base + 2
        arguments = [sys.executable, "-m", "dispy.dispyscheduler", "--daemon", "--clean"]
        arguments += ["-i", address, "-p", str(base), "--dest_path_prefix", str(folder / "theirs")]
        arguments += [x for node in nodes for x in ("-n", node.address)]
        super().__init__("dispyscheduler", arguments, folder)

    def wait_until_ready(self) -> None:
        wait_until(self._listens, "dispyscheduler listens")

    def _listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex((self.address, self._port)) == 0


def answers(stage: Stage, scheduler: Any, python: str, nodes: list[Node]) -> dict[str, Any]:
    """What a client is told by that scheduler."""
    places = [node.address for node in nodes]
    client = stage.client(
        "answers", scheduler, python=python, nodes=places, scheduler=scheduler.address
    )
    return client.outcome()


@pytest.mark.skipif(sys.version_info >= NO_CGI, reason="dispyscheduler does not run on this Python")
def test_callbacks_statuses_and_figures(stage: Stage, old_python: str) -> None:
    nodes = stage.nodes(1)
    theirs = Dispyscheduler(stage.folder, next(stage.addresses), stage.base, nodes)
    stage.processes.append(theirs)
    theirs.wait_until_ready()
    wanted = answers(stage, theirs, old_python, nodes)
    theirs.kill()
    nodes[0].kill()
    nodes = stage.nodes(1)
    found = answers(stage, stage.gsched(nodes=nodes), old_python, nodes)
    for step, told in wanted.items():
        assert found[step] == told, step
