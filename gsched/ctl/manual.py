"""Writes the man page from what `gschedctl --help` is made of.

`python -m gsched.ctl.manual` rewrites conf/gschedctl.1; with `--check` it only tells if it is
out of step, and exits with 1 then.
"""

import sys
from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gsched import __version__
from gsched.ctl import parser as line
from gsched.ctl.catalogue import COMMANDS
from gsched.ctl.command import Command
from gsched.ctl.failures import EXIT_CODES
from gsched.ctl.place import PAGE, SERVICE, SOCKET

PATH = Path(__file__).resolve().parents[2] / "conf/gschedctl.1"
_FILES = {
    f"~/.local/state/gsched/{SOCKET}": "where a scheduler listens that somebody has started",
    f"{SERVICE}/{SOCKET}": "where one listens that runs as a service",
}


def page() -> str:
    """The whole page, for man."""
    lines = [
        f'.TH GSCHEDCTL 1 "" "gsched {__version__}"',
        *(".SH NAME", f"gschedctl \\- {escaped('control a gsched scheduler from the shell')}"),
        *(".SH SYNOPSIS", r".B gschedctl", r"[\fIOPTION\fR]... \fICOMMAND\fR [\fIARGUMENT\fR]..."),
        *(".SH DESCRIPTION", *_paragraphs(line.ABOUT)),
        *(".SH OPTIONS", "These may stand before or after the command.", *_options(_shared())),
        *(".SH COMMANDS", *(text for command in COMMANDS for text in _command(command))),
        *(".SH EXIT STATUS", *_entries({str(code): x for code, x in EXIT_CODES.items()})),
        *(".SH ENVIRONMENT", *_entries(line.VARIABLES)),
        *(".SH FILES", *_entries(_FILES), f"Where there is neither, {escaped(PAGE)} is asked."),
        *(".SH EXAMPLES", *_entries(line.EXAMPLES)),
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """The text, where man would take some of it for commands."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def _command(command: Command) -> Iterator[str]:
    parser = ArgumentParser(add_help=False)
    command.arguments(parser)
    actions = line.actions(parser)
    words = " ".join(_synopsis(action) for action in actions if not action.option_strings)
    options = [action for action in actions if action.option_strings]
    yield f'.SS "{escaped(command.name)}{" " * bool(words)}{words}{" [OPTION]..." * bool(options)}"'
    yield escaped(f"{command.summary}.")
    yield from _paragraphs(command.about.split("\n\n"), first=False)
    yield from _options(actions)
    yield from _entries(command.examples)


def _synopsis(action: Action) -> str:
    name = _name(action)
    many = {"*": f"[{name}]...", "+": f"{name}...", "?": f"[{name}]"}
    return escaped(many.get(str(action.nargs), name))


def _name(action: Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _options(actions: Iterable[Action]) -> Iterator[str]:
    for action in actions:
        takes = action.nargs != 0
        spelled = ", ".join(escaped(text) for text in action.option_strings)
        name = f" \\fI{escaped(_name(action))}\\fR" if takes and spelled else ""
        yield ".TP"
        yield f"\\fB{spelled or escaped(_name(action))}\\fR{name}"
        choices = ", ".join(map(str, action.choices or ()))
        yield escaped((action.help or "").replace("%(choices)s", choices))


def _shared() -> Sequence[Action]:
    parser = ArgumentParser(add_help=False)
    line.add_shared(parser, SUPPRESS)
    return line.actions(parser)


def _entries(entries: Mapping[str, str]) -> Iterator[str]:
    for name, about in entries.items():
        yield from (".TP", f"\\fB{escaped(name)}\\fR", escaped(about))


def _paragraphs(texts: Iterable[str], first: bool = True) -> Iterator[str]:
    for number, text in enumerate(filter(None, texts)):
        if number or not first:
            yield ".PP"
        yield escaped(text)


def main(argv: Sequence[str], path: Path = PATH) -> int:
    """Rewrite or check; 0 when it is in step, 1 when it is not, 2 for a wrong call."""
    if list(argv) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m gsched.ctl.manual [--check]\n")
        return 2
    if not argv:
        path.write_text(page(), encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{path.name} is out of step: run python -m gsched.ctl.manual\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
