"""The `gschedctl` command: reads the command line, runs the command, gives the exit code."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from gsched.ctl import completion
from gsched.ctl.command import Session
from gsched.ctl.failures import INTERRUPTED, MISTAKE, Failure
from gsched.ctl.parser import build
from gsched.ctl.screen import Screen

_BROKEN_PIPE = 141  # as a shell shows the signal


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    streams: tuple[TextIO, TextIO, TextIO] | None = None,
) -> int:
    """Run one command. `streams`: input, output and errors. Returns the exit code."""
    stdin, out, err = streams or (sys.stdin, sys.stdout, sys.stderr)
    parser = build()
    if "_ARGCOMPLETE" in os.environ:
        completion.install(parser)
    words = sys.argv[1:] if arguments is None else arguments
    given = parser.parse_args([underscored(word) for word in words])
    if given.command is None:
        err.write(parser.format_help())
        return MISTAKE
    screen = Screen(out, err, stdin, given.json)
    try:
        code = given.command.run(Session(given, screen, os.environ if environ is None else environ))
        out.flush()
    except Failure as failure:
        screen.fail(failure)
        code = failure.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # as in `gschedctl jobs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = _BROKEN_PIPE
    return int(code)


def underscored(word: str) -> str:
    """Names of options may have dashes for underscores, as those of gsched."""
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value
