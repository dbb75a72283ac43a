"""What a command is, and what it gets when it runs."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from gsched.ctl.place import Place, find
from gsched.ctl.screen import Screen

if TYPE_CHECKING:
    from gsched.ctl.api import Api


@dataclass
class Session:
    """One run of one command."""

    given: Namespace
    screen: Screen
    environ: Mapping[str, str]

    @cached_property
    def place(self) -> Place:
        """Where the scheduler is. Raises Mistake."""
        return find(self.given, self.environ)

    @cached_property
    def api(self) -> "Api":
        """The scheduler. Nothing is sent before somebody asks."""
        from gsched.ctl.api import Api  # takes a tenth of a second, which completion has not

        return Api(self.place)


@dataclass(frozen=True)
class Command:
    """A word of the command line. Help, man page and completion are made from this."""

    name: str
    summary: str
    """One line, without a full stop."""
    run: Callable[[Session], int]
    """Returns the exit code. Raises Failure."""
    arguments: Callable[[ArgumentParser], None] = lambda parser: None
    about: str = ""
    """What the summary does not say, in paragraphs."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """Command line -> what it does."""
