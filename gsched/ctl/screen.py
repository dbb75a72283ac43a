"""What is printed: tables for people, plain columns for pipes, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from gsched.ctl.failures import Failure, Mistake
from gsched.ctl.words import printable

_NONE = "-"  # an empty cell, so that columns can be told apart
STYLES = {
    **dict.fromkeys(("ready", "running", "finished", "ok", "done"), "green"),
    **dict.fromkeys(("held", "paused", "draining", "warning", "quarantine"), "yellow"),
    **dict.fromkeys(("lost", "failed", "abandoned", "terminated", "out of service"), "red"),
}


@dataclass
class Screen:
    """Where a command writes. `json`: nothing but JSON goes to `out`."""

    out: TextIO
    err: TextIO
    stdin: TextIO
    json: bool = False

    @property
    def live(self) -> bool:
        """Whether somebody looks at it."""
        return self.out.isatty()

    def give(self, answer: Any) -> None:
        """For programs."""
        self.out.write(json.dumps(answer, indent=2) + "\n")

    def give_line(self, answer: Any) -> None:
        """For programs that read line by line."""
        self.out.write(json.dumps(answer) + "\n")
        self.out.flush()

    def say(self, text: str) -> None:
        """A line for people."""
        self.out.write(printable(text) + "\n")

    def verdict(self, word: str, text: str) -> None:
        """A line for people that begins with a word of STYLES."""
        if self.live:
            self._console().print(f"{word:<8}", style=STYLES.get(word), end="")
        else:
            self.out.write(f"{word:<8}")
        self.say(text)
        self.out.flush()

    def note(self, text: str) -> None:
        """A line beside the answer, which pipes do not get."""
        self.err.write(printable(text) + "\n")

    def fail(self, failure: Failure) -> None:
        """Why the command cannot go on."""
        if self.json:
            told = {"error": str(failure), "exit_code": failure.code}
            self.err.write(json.dumps(told) + "\n")
        else:
            self.note(f"gschedctl: {failure}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str = "") -> None:
        """Rows of texts and numbers; numbers stand to the right."""
        made = [list(row) for row in rows]
        if not made:
            if empty:
                self.note(empty)
        elif self.live:
            self._rich(columns, made)
        else:
            self._plain(columns, made)

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Names and values, a line each; those without a value are left out."""
        known = [(name, printable(value)) for name, value in facts if value]
        width = max((len(name) for name, _ in known), default=0)
        for name, value in known:
            self.out.write(f"{name:<{width}}  {value}\n")

    def confirm(self, question: str, yes: bool) -> None:
        """Ask before something is lost. Raises Mistake where nobody agrees, or can."""
        if yes:
            return
        if not self.stdin.isatty():
            raise Mistake(f"{question} Say --yes: nobody can be asked here")
        self.err.write(f"{printable(question)} [y/N] ")
        self.err.flush()
        if self.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Failure("nothing was done")

    def _rich(self, columns: Sequence[str], rows: list[list[Any]]) -> None:
        self._console().print(rich_table(columns, rows))

    def _console(self) -> Any:
        from rich.console import Console

        return Console(file=self.out, highlight=False)

    def _plain(self, columns: Sequence[str], rows: list[list[Any]]) -> None:
        cells = [[name.upper() for name in columns], *([shown(x) for x in row] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        right = _numeric(rows)
        for row in cells:
            padded = [
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(row, widths, right, strict=True)
            ]
            self.out.write("  ".join(padded).rstrip() + "\n")


def rich_table(columns: Sequence[str], rows: list[list[Any]], **more: Any) -> Any:
    """A table that fits the terminal's width."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0), **more)
    for name, number in zip(columns, _numeric(rows) or [False] * len(columns), strict=True):
        table.add_column(name, justify="right" if number else "left", no_wrap=number)
    for row in rows:
        table.add_row(*(Text(shown(cell), STYLES.get(str(cell), "")) for cell in row))
    return table


def shown(cell: Any) -> str:
    """A cell's text."""
    return printable(str(cell)) if cell not in ("", None) else _NONE


def _numeric(rows: list[list[Any]]) -> list[bool]:
    """Which columns hold numbers."""
    return [all(isinstance(x, int | float) for x in column) for column in zip(*rows, strict=True)]
