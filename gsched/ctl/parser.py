"""The command line: options that all commands share, and a parser for each command."""

import textwrap
from argparse import (
    SUPPRESS,
    Action,
    ArgumentError,
    ArgumentParser,
    HelpFormatter,
    RawDescriptionHelpFormatter,
    _SubParsersAction,
)
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from gsched import __version__
from gsched.ctl.catalogue import COMMANDS
from gsched.ctl.command import Command
from gsched.ctl.failures import EXIT_CODES
from gsched.ctl.place import PAGE

NAME = "gschedctl"
ABOUT = (
    "Looks at a gsched scheduler and controls it, by its REST API. On the scheduler's own host it"
    " needs no set-up: it takes the socket api.sock in the folder where the scheduler keeps its"
    " state. From elsewhere, name the scheduler with --url and give a token.",
    "To people it shows tables, to pipes plain columns with - for what is empty, and to programs"
    " the answers of the API, with --json.",
)
SHARED = "Options of all commands"
VARIABLES = {
    "GSCHEDCTL_URL": "as --url",
    "GSCHEDCTL_SOCKET": "as --socket",
    "GSCHEDCTL_TOKEN": "the token itself",  # nosec B105  # what is told of it
    "GSCHEDCTL_TOKEN_FILE": "as --token_file",  # nosec B105  # the same
    "GSCHEDCTL_CAFILE": "as --cafile",
    "GSCHED_DEST_PATH_PREFIX": "where the scheduler of this host keeps its state, if not at the"
    " usual place",
}
EXAMPLES = {
    f"{NAME} status": "How is the scheduler of this host?",
    f"{NAME} why 1763884800123004": "Why does this job not run?",
    f"{NAME} jobs --state queued --json": "Waiting jobs, for a program.",
    f"{NAME} --url https://jobs.example.org --token_file ~/token status": "How is another one?",
}


class Parser(ArgumentParser):
    """Says which command was probably meant."""

    def _check_value(self, action: Action, value: Any) -> None:
        if isinstance(action, _SubParsersAction) and value not in action.choices:
            near = get_close_matches(value, action.choices, 1)
            mend = f"did you mean {near[0]}?" if near else f"{NAME} --help lists all"
            raise ArgumentError(None, f"there is no command {value!r}; {mend}")
        super()._check_value(action, value)


def build() -> ArgumentParser:
    """The parser. `command` of what it gives is a Command; None: nothing was named."""
    parser = Parser(
        NAME,
        description=paragraphs(ABOUT),
        epilog="\n\n".join((_examples(EXAMPLES), _codes(), f"{NAME} COMMAND --help says more.")),
        formatter_class=_form,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    add_shared(parser, None)
    choices = parser.add_subparsers(title="Commands", metavar="COMMAND")
    parser.set_defaults(command=None)
    for command in COMMANDS:
        _add(choices, command)
    return parser


def add_shared(parser: ArgumentParser, default: Any) -> None:
    """The options of all commands, which may stand before or after the command."""
    group = parser.add_argument_group(SHARED)
    add = group.add_argument
    about = f"where the scheduler is, such as {PAGE}; without it, this host's"
    add("--url", metavar="URL", default=default, help=about)
    about = "its unix socket, or the folder that has it"
    add("--socket", metavar="PATH", default=default, help=about)
    about = "file with the token that proves who asks; it has to have mode 0600"
    add("--token_file", metavar="FILE", default=default, help=about)
    about = "certificates to trust instead of the system's, with https"
    add("--cafile", metavar="FILE", default=default, help=about)
    unset = False if default is None else default
    add("--json", action="store_true", default=unset, help="answer in JSON, for programs")


def _add(choices: Any, command: Command) -> None:
    parser = choices.add_parser(
        command.name,
        help=command.summary,
        description=paragraphs((f"{command.summary}.", *command.about.split("\n\n"))),
        epilog=_examples(command.examples),
        formatter_class=_form,
        allow_abbrev=False,
    )
    command.arguments(parser)
    add_shared(parser, SUPPRESS)
    parser.set_defaults(command=command)


def commands(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    """The parsers of all commands, by name."""
    choices = [one.choices for one in parser._actions if isinstance(one, _SubParsersAction)]
    return dict(choices[0].items())


def actions(parser: ArgumentParser) -> list[Action]:
    """All arguments and options, for which argparse has no other way."""
    return list(parser._actions)


def paragraphs(texts: Any) -> str:
    """Wrapped for a terminal."""
    return "\n\n".join(textwrap.fill(text, 80, break_on_hyphens=False) for text in texts if text)


def _examples(examples: Mapping[str, str]) -> str:
    lines = [f"  {line}\n      {about}" for line, about in examples.items()]
    return "\n".join(["Examples:", *lines]) if lines else ""


def _codes() -> str:
    fill = textwrap.TextWrapper(80, subsequent_indent="       ", break_on_hyphens=False)
    lines = [fill.fill(f"  {code:<3}  {about}") for code, about in EXIT_CODES.items()]
    return "\n".join(["Exit codes:", *lines])


def _form(prog: str) -> HelpFormatter:
    return RawDescriptionHelpFormatter(prog, max_help_position=26)
