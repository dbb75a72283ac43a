"""One row of the table of options: what an option is called, takes, means and defaults to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gsched.options import values
from gsched.options.configfile import NO_ELEMENTS

PREFIX = "GSCHED_"
"""What the environment variables of the options begin with."""

VAULT_KEY, NEW_VAULT_KEY = "GSCHED_VAULT_KEY", "GSCHED_NEW_VAULT_KEY"
"""Variables that hold keys. These are no options: they would be, on the command line, too."""

Raw = str | list[str]
"""A value as it was given: text, or a list of texts for an option that may be repeated."""

_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Option:
    """An option that the command line, the environment and the file can give."""

    name: str
    """With underscores; also the field of Settings, the key in a file, and, in capitals after
    GSCHED_, the environment variable."""
    group: str
    help: str
    """Full sentences with units; the default follows by itself."""
    metavar: str = ""
    """What its value is called in the help; empty for a flag."""
    read: Callable[[str], Any] = values.boolean
    default: str | tuple[str, ...] = "false"
    """As it would stand in a file."""
    default_shown: str = ""
    """What the help says instead of the default, where that depends on the environment."""
    short: str = ""
    aliases: tuple[str, ...] = ()
    """Other long names, without dashes."""
    alone: str | None = None
    """The value when only the name is given; None where one is required (a flag: true)."""
    repeatable: bool = False
    in_variable: bool = True
    in_file: bool = True

    @property
    def is_flag(self) -> bool:
        """Whether the option takes no value as a word of its own."""
        return not self.metavar

    @property
    def implied(self) -> str | None:
        """The value when only the name is given; None where a value is required."""
        return "true" if self.is_flag else self.alone

    @property
    def variable(self) -> str:
        """The environment variable; empty if there is none."""
        return PREFIX + self.name.upper() if self.in_variable else ""

    @property
    def long_names(self) -> tuple[str, ...]:
        """All names without dashes in front, the user's own one first."""
        return (self.name, *self.aliases)

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names as the command line has them, the short one first."""
        short = (self.short,) if self.short else ()
        return (*short, *(f"--{name}" for name in self.long_names))

    @property
    def label(self) -> str:
        """How messages name the option."""
        return "/".join(self.spellings)

    @property
    def invocations(self) -> tuple[str, ...]:
        """The spellings, each with what follows it."""
        if self.is_flag:
            return self.spellings
        argument = self.metavar if self.implied is None else f"[{self.metavar}]"
        return tuple(f"{spelling} {argument}" for spelling in self.spellings)

    @property
    def default_text(self) -> str:
        """The default as people read it."""
        default = self.default
        if isinstance(default, tuple):
            default = f"[{', '.join(default)}]" if default else NO_ELEMENTS
        return self.default_shown or default or "not set"

    def value(self, raw: Raw | tuple[str, ...]) -> Any:
        """What `raw` means; ValueError, naming the value, what is allowed, and no more."""
        if isinstance(raw, str):
            return self._one(raw)
        if list(raw) == [NO_ELEMENTS]:
            return ()
        if NO_ELEMENTS in raw:
            raise ValueError(f"{NO_ELEMENTS!r} switches the list off and stands alone")
        return tuple(self._one(element) for element in raw)

    def _one(self, written: str) -> Any:
        """What one text means; ValueError as for `value`."""
        try:
            return self.read(written)
        except ValueError as error:
            hint = self._hint(written)
            raise ValueError(f"{shown(written)} is not allowed, give {error}{hint}") from error

    def _hint(self, written: str) -> str:
        """What a wrong value gives away of what was meant."""
        if self.repeatable and "," in written:
            return "; for several, repeat the option, or write [a, b] in a file or variable"
        if " #" in written:
            return "; in a file, a comment needs a line of its own"
        return ""


def shown(value: str) -> str:
    """`value` in quotes, on one line, not too long."""
    cut = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "..."
    return repr(cut)
