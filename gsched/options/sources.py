"""Command line, environment and file -> one text (or list of texts) per option.

ConfigArgParse merges the three; here is what it would get wrong by itself. Before it sees the
command line, every option on it is brought to the form `--name=value`, so that short, bundled
and dashed spellings, and values that look like options, cannot be mistaken: it would not
notice that `-nalpha` overrides a list of the environment. Lists and unknown names in the
environment are ours too. What the texts mean is not decided here.
"""

import argparse
import json
import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TextIO

import configargparse

from gsched.options import configfile
from gsched.options.configfile import hint, nearest
from gsched.options.option import NEW_VAULT_KEY, PREFIX, VAULT_KEY, Option, Raw, shown
from gsched.options.prose import Prose

_ENDS_AT_ONCE = ("--help", "-h", "--version")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(\.[0-9]*)?|-\.[0-9]+")


@dataclass(frozen=True)
class Given:
    """What was given, by option name, in the order of the table."""

    raw: dict[str, Raw]
    origins: dict[str, str]
    """Where each came from, as messages say it; empty for the command line."""


class Wrong(SystemExit):
    """What the user has to mend, in one line; the exit code is 2.

    No Exception, since ConfigArgParse has words of its own for those.
    """

    def __init__(self, message: str) -> None:
        super().__init__(2)
        self.text = " ".join(message.splitlines())


def fail(message: str) -> NoReturn:
    """Raises Wrong."""
    raise Wrong(message)


def taken(rest: list[str], option: str) -> str | None:
    """The value of an option of a command, which is taken out of the words. Raises ValueError."""
    names = (option, "--" + option[2:].replace("_", "-"))
    for place, word in enumerate(rest):
        if word.startswith(tuple(f"{name}=" for name in names)):
            return rest.pop(place).partition("=")[2]
        if word in names:
            if place + 1 == len(rest):
                raise ValueError(f"{option}: a value must follow")
            del rest[place]
            return rest.pop(place)
    return None


def gather(
    options: Sequence[Option], prose: Prose, argv: Sequence[str], environ: Mapping[str, str]
) -> Given:
    """The options as given, command line before environment before file.

    Exits with 0 after --help and --version, with 2 after `fail` on unknown or malformed ones.
    """
    words = _normalized(argv, options)
    ends = words[:1] and words[0] in _ENDS_AT_ONCE
    variables = {} if ends else _variables(environ, options)
    form = _file_format(options)
    parser = _parser(options, prose, form)
    found = vars(parser.parse_args(words, env_vars=variables))
    raw = {x.name: _restored(found[x.name]) for x in options if found[x.name] is not None}
    typed = {word.partition("=")[0][2:] for word in words}
    origins = {name: "" if name in typed else _origin(name, variables, form) for name in raw}
    return Given(raw, origins)


def _restored(value: Raw) -> Raw:
    """argparse takes the word `--` out of values."""
    return "--" if value == [] else value


def _origin(name: str, variables: Mapping[str, str], form: configfile.FileFormat) -> str:
    """Which variable, or line of the file, gave option `name`."""
    variable = PREFIX + name.upper()
    return variable if variable in variables else form.lines[name]


def _normalized(argv: Sequence[str], options: Sequence[Option]) -> list[str]:
    """`argv` with each option as one word `--name=value`, its name the one of the table."""
    for word in argv:
        if word in _ENDS_AT_ONCE:
            return [word]
    names = {spelling: option for option in options for spelling in option.spellings}
    rest, words = deque(argv), list[str]()
    while rest:
        option, value = _next_option(rest, names)
        if value is None:
            value = _value_word(option, rest)
        words.append(f"--{option.name}={value}")
    return words


def _next_option(rest: "deque[str]", names: Mapping[str, Option]) -> tuple[Option, str | None]:
    """Take the next option off `rest`, with the value in the same word, if there is one."""
    word = rest.popleft()
    if not word.startswith("-") or word == "-":
        fail(f"{shown(word)}: every argument is an option or the value of one; see gsched --help")
    if not word.startswith("--"):
        return _short_option(word, rest, names)
    name, sign, value = word.partition("=")
    written = "--" + name[2:].replace("-", "_")
    if written not in names:
        longs = [known[2:] for known in names if known.startswith("--")]
        found = nearest(written[2:].lower(), longs)
        fail(f"{name}: unknown option{hint(found and '--' + found)}")
    return names[written], value if sign else None


def _short_option(
    word: str, rest: "deque[str]", names: Mapping[str, Option]
) -> tuple[Option, str | None]:
    """As `_next_option`, for words like -d, -n, -nalpha, -n=alpha, -dn."""
    name = word.partition("=")[0]
    if "--" + name[1:].replace("-", "_") in names:
        fail(f"{name}: unknown option{hint('-' + name)}")
    if word[:2] not in names:
        fail(f"{name}: unknown option{hint('')}")
    option, tail = names[word[:2]], word[2:]
    if option.is_flag and tail and not tail.startswith("="):
        rest.appendleft("-" + tail)
        tail = ""
    return option, tail.removeprefix("=") if tail else None


def _value_word(option: Option, rest: "deque[str]") -> str:
    """The value of `option`: the next word of `rest`, or what it means without one."""
    takes_word = not option.is_flag and bool(rest) and not _is_option(rest[0])
    if takes_word:
        return rest.popleft()
    if option.implied is not None:
        return option.implied
    joined = f"; one that starts with a dash is given as --{option.name}=-..." if rest else ""
    fail(f"{option.label}: a value must follow, {option.metavar}{joined}")


def _is_option(word: str) -> bool:
    """Whether `word` would be an option, rather than a value, to argparse."""
    return word.startswith("-") and word != "-" and not _NEGATIVE_NUMBER.fullmatch(word)


def _variables(environ: Mapping[str, str], options: Sequence[Option]) -> dict[str, str]:
    """The variables that give options, lists as JSON, which ConfigArgParse reads exactly."""
    known = {option.variable: option for option in options if option.in_variable}
    found = {}
    for name in sorted(environ):
        if name in known:
            found[name] = _variable(name, environ[name], known[name])
        elif name.startswith(PREFIX) and name not in (VAULT_KEY, NEW_VAULT_KEY):
            _unknown_variable(name, options)
    return found


def _variable(name: str, value: str, option: Option) -> str:
    """`value` of variable `name`, a list in brackets as JSON."""
    if not (option.repeatable and value.startswith("[") and value.endswith("]")):
        return value
    try:
        return json.dumps(configfile.read_list(value))
    except ValueError as error:
        fail(f"{name}: {shown(value)}: {error}")


def _unknown_variable(name: str, options: Sequence[Option]) -> NoReturn:
    """Say which variable was probably meant."""
    longs = {long: option for option in options for long in option.long_names}
    option = longs.get(nearest(name.removeprefix(PREFIX).lower(), longs))
    if option and not option.in_variable:
        fail(f"{name}: unknown variable; --{option.name} works on the command line only")
    fail(f"{name}: unknown variable{hint(option.variable if option else '')}")


def _file_format(options: Sequence[Option]) -> configfile.FileFormat:
    """The reader of the file that knows these options."""
    inside = [option for option in options if option.in_file]
    outside = [option for option in options if not option.in_file]
    return configfile.FileFormat(
        names={long: option.name for option in inside for long in option.long_names},
        lists={option.name for option in inside if option.repeatable},
        barred={option.name: "a file cannot set this option" for option in outside},
    )


def _opened(path: str) -> TextIO:
    """The configuration file; exits when it cannot be opened."""
    try:
        return configfile.opened(path)
    except OSError as error:
        fail(f"--config: {shown(path)} cannot be read: {error.strerror}")


class _Parser(configargparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit without the usage that argparse puts before the message."""
        fail(message)


class _Help(argparse.RawDescriptionHelpFormatter):
    """The help: names on a line of their own, flags without the value they take inside."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=6)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        invocation = getattr(action, "invocation", None)
        return invocation or super()._format_action_invocation(action)


def _parser(options: Sequence[Option], prose: Prose, form: configfile.FileFormat) -> _Parser:
    """The parser for these options, of which it finds no more than the text."""
    parser = _Parser(
        prog=prose.program,
        usage=f"{prose.program} [option ...]",
        description=prose.description,
        epilog=prose.epilog,
        formatter_class=_Help,
        add_help=False,
        allow_abbrev=False,
        config_file_parser_class=form,
        config_file_open_func=_opened,
        add_config_file_help=False,
        add_env_var_help=False,
    )
    for title in dict.fromkeys(option.group for option in options):
        _add_group(parser, title, (option for option in options if option.group == title))
    last = parser.add_argument_group("Help")
    last.add_argument("-h", "--help", action="help", help="Print this and exit.")
    version = f"{prose.program} {prose.version}"
    last.add_argument(
        "--version", action="version", version=version, help="Print the version and exit."
    )
    return parser


def _add_group(parser: _Parser, title: str, options: Iterable[Option]) -> None:
    """Add the options of one group, each as an action that stores its text."""
    group = parser.add_argument_group(title)
    for option in options:
        explained = f"{option.help} Default: {option.default_text}."
        action = group.add_argument(
            *option.spellings,
            dest=option.name,
            action="append" if option.repeatable else "store",
            metavar=option.metavar or None,
            help=explained.replace("%", "%%"),
            env_var=option.variable or None,
            is_config_file_arg=option.name == "config",
        )
        action.invocation = ", ".join(option.invocations)


def save(options: Sequence[Option], given: Given, target: str, title: str) -> None:
    """Write what was given, as it was given, to file `target`, or standard output for `-`."""
    inside = {option.name for option in options if option.in_file}
    items = {name: raw for name, raw in given.raw.items() if name in inside}
    try:
        content = configfile.settings_file(items, title)
    except ValueError as error:
        fail(str(error))
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(configfile.encoded(content))
        sys.stdout.buffer.flush()
        return
    try:
        configfile.save(target, content)
    except OSError as error:
        fail(f"--save_config: {shown(target)} cannot be written: {error.strerror}")
