"""`gschedctl top`: the scheduler live, as top shows a machine."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from gsched.ctl.board import MINUTES, Board
from gsched.ctl.command import Command, Session
from gsched.ctl.commands.jobs import count_of
from gsched.ctl.failures import DONE

LEAST_PAUSE = 0.2  # seconds
MOST_ROWS = 20  # of a table, where no terminal says how high it is
_LINES = 16  # of a terminal, that are not rows


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = "seconds between two looks; 2 unless given"
    parser.add_argument("--interval", "-d", metavar="SECONDS", type=_pause, default=2.0, help=about)
    about = "end after so many looks; without it, at Ctrl-C, or after one where nobody looks"
    parser.add_argument("--count", "-n", metavar="N", type=count_of, help=about)


def run(session: Session) -> int:
    """Look again and again."""
    live = session.screen.live and not session.screen.json
    left = session.given.count or (float("inf") if live else 1)
    if live:
        _live(session, left)
        return DONE
    while True:
        _print(session, _look(session))
        left -= 1
        if left <= 0:
            return DONE
        time.sleep(session.given.interval)


def _look(session: Session) -> Board:
    seconds = MINUTES * 60
    series = session.api.get("/series", range=seconds, points=seconds)
    return Board(session.api.get("/status"), series, session.place.name)


def _live(session: Session, left: float) -> None:
    """On a screen of its own, which is put back at the end."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=session.screen.out, highlight=False)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(_picture(_look(session), console.height), refresh=True)
            left -= 1
            if left <= 0:
                return
            time.sleep(session.given.interval)


def _picture(board: Board, height: int) -> Any:
    from rich.console import Group
    from rich.text import Text

    from gsched.ctl.screen import rich_table

    rows = max(height - _LINES, 4)
    clusters = board.clusters(rows // 2)
    nodes = board.nodes(rows - len(clusters[1]))
    lines = [(name, text) for name, text in board.facts() + board.curves() if text]
    width = max(len(name) for name, _ in lines)
    told = [Text(f"{name:<{width}}  {text}", no_wrap=True) for name, text in lines]
    return Group(*told, Text(), rich_table(*clusters), Text(), rich_table(*nodes))


def _print(session: Session, board: Board) -> None:
    screen = session.screen
    if screen.json:
        screen.give_line(board.plain())
        return
    screen.facts(board.facts())
    for columns, rows in (board.clusters(MOST_ROWS), board.nodes(MOST_ROWS)):
        screen.say("")
        screen.table(columns, rows)
    screen.out.flush()


def _pause(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not LEAST_PAUSE <= value < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not {LEAST_PAUSE} or more seconds")
    return value


COMMAND = Command(
    "top",
    "Show live how busy the scheduler, its clusters and its nodes are",
    run,
    arguments,
    about="Clusters with most CPUs come first, and nodes that need attention. In a pipe it looks"
    " once, or --count times; with --json each look is a line with an object.",
    examples={
        "gschedctl top": "Watch it, until Ctrl-C.",
        "gschedctl top --json --count 60 --interval 1": "A minute of figures, for a program.",
    },
)
