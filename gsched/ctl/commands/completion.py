"""`gschedctl completion`: what a shell needs to complete words."""

from argparse import ArgumentParser

from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE

SHELLS = ("bash", "zsh", "fish")


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument("shell", choices=SHELLS, help="%(choices)s")


def run(session: Session) -> int:
    """To be evaluated by the shell."""
    from argcomplete import shellcode

    code = shellcode(["gschedctl"], shell=session.given.shell)  # nosec B604  # a name
    session.screen.out.write(code.rstrip() + "\n")
    return DONE


COMMAND = Command(
    "completion",
    "Print what a shell needs to complete commands, options, clusters and nodes",
    run,
    arguments,
    examples={
        'eval "$(gschedctl completion bash)"': "In ~/.bashrc; for zsh in ~/.zshrc.",
        "gschedctl completion fish | source": "In ~/.config/fish/config.fish.",
    },
)
