"""What can stand at a place of the command line, for shells: names of what the scheduler has."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from gsched.ctl.failures import Failure
from gsched.ctl.parser import actions, commands
from gsched.ctl.place import find

TIMEOUT = 2.0  # seconds; somebody waits behind the key
MOST = 500

Row = dict[str, Any]
Names = Callable[[Row], list[str]]


def _clusters(state: Row) -> list[str]:
    return [text for row in state["clusters"] for text in (row["id"], row["name"])]


def _nodes(state: Row) -> list[str]:
    return [text for row in state["nodes"] for text in (row["address"], row["name"]) if text]


NAMES: dict[str, Names] = {
    "cluster": _clusters,
    "node": _nodes,
    "id": lambda state: _clusters(state) + _nodes(state),
}


def install(parser: ArgumentParser) -> None:
    """Answer the shell and end, if it is a shell that asks."""
    import argcomplete

    for command in commands(parser).values():
        for action in actions(command):
            name = str(action.metavar or action.dest).lower()
            if name in NAMES:
                action.completer = _completer(NAMES[name])  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options="long")


def _completer(names: Names) -> Callable[..., list[str]]:
    def complete(parsed_args: Namespace, **_: Any) -> list[str]:
        from gsched.ctl.api import Api

        try:
            return names(Api(find(parsed_args, os.environ), TIMEOUT).get("/status"))[:MOST]
        except Failure:
            return []

    return complete
