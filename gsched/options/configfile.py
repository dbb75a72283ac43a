"""The format of the configuration file: reading and writing it.

    # a comment has a line of its own
    port = 51347
    nodes = [alpha, "beta:51348"]
    node_secret = "kept as it is: # and blanks  "

A value without quotes reaches to the end of its line, `#` included. In double quotes `\\"`
stands for a quote and `\\\\` for a backslash; single quotes take everything as it is. An
option that may be repeated takes a list in brackets. Names may have dashes for underscores.
Files are UTF-8; bytes that are not survive both ways, since a secret may consist of any.
"""

import difflib
import os
import re
import tempfile
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import configargparse

ENCODING = "utf-8"
NO_ELEMENTS = "none"
"""An empty list. A word of its own, since ConfigArgParse takes [] for "not given"."""

_BARE = re.compile(r"[\w./:@%+=~-]+")
_DOUBLE = r'"((?:[^"\\]|\\.)*)"'
_SINGLE = r"'([^']*)'"
_QUOTED = re.compile(f"{_DOUBLE}|{_SINGLE}", re.DOTALL)
_ELEMENT = re.compile(rf"\s*(?:{_DOUBLE}|{_SINGLE}|([^,\"']+?))\s*(?:,|$)", re.DOTALL)


class FileFormat(configargparse.ConfigFileParser):
    """What ConfigArgParse reads a file with. One object reads one file.

    names: what a file may say -> the option's name, with underscores.
    lists: the options that may be repeated.
    barred: options that a file must not set -> why.
    """

    def __init__(
        self, names: Mapping[str, str], lists: Collection[str], barred: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.names = names
        self.lists = lists
        self.barred = barred
        self.lines: dict[str, str] = {}
        """Where each option was found: option -> "FILE, line N"."""

    def __call__(self) -> "FileFormat":
        """Itself: ConfigArgParse 1.7 calls what later releases take as it is."""
        return self

    def get_syntax_description(self) -> str:
        """What ConfigArgParse asks for; our own help says it in its own words."""
        return "The file has lines like `port = 51347` and `nodes = [alpha, beta]`."

    def parse(self, stream: TextIO) -> "OrderedDict[str, str | list[str]]":
        """All options of the file; ConfigFileParserException names file, line and mistake."""
        items: OrderedDict[str, str | list[str]] = OrderedDict()
        for number, line in enumerate(stream.read().removeprefix("\ufeff").split("\n"), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            place = f"{getattr(stream, 'name', 'file')}, line {number}"
            try:
                name, value = self._read(line)
            except ValueError as error:
                raise configargparse.ConfigFileParserException(f"{place}: {error}") from error
            items[name] = value
            self.lines[name] = place
        return items

    def _read(self, line: str) -> tuple[str, str | list[str]]:
        """Option and value of one line; ValueError says what is wrong, without the value."""
        key, sign, value = (part.strip() for part in line.partition("="))
        if not sign:
            raise ValueError("expected `name = value`, or # before a comment")
        name = self._name(key)
        if name in self.lines:
            raise ValueError(f"{key} is given already: {self.lines[name]}")
        try:
            is_list = name in self.lists and value.startswith("[") and value.endswith("]")
            return name, read_list(value) if is_list else read_value(value)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error

    def _name(self, key: str) -> str:
        """The option that `key` stands for; ValueError for an unknown one, with the nearest."""
        written = key.replace("-", "_")
        if written in self.barred:
            raise ValueError(f"{key}: {self.barred[written]}")
        if written not in self.names:
            raise ValueError(f"unknown option {key!r}{hint(nearest(written.lower(), self.names))}")
        return self.names[written]


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` begins, or else is most like; empty if none is much like it."""
    names = list(known)
    longer = [longer for longer in names if name and longer.startswith(name)]
    if longer:
        return min(longer, key=len)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return found[0] if found else ""


def hint(name: str) -> str:
    """What a message about an unknown name ends with; `name` is the nearest known one."""
    return f"; did you mean {name}?" if name else "; gsched --help lists all"


def read_value(written: str) -> str:
    """A single value, out of its quotes if it has any; ValueError when they do not match."""
    if not written.startswith(('"', "'")):
        return written
    match = _QUOTED.fullmatch(written)
    if match is None:
        raise ValueError("the quote is not closed at the end of the line")
    return _unquoted(match)


def read_list(written: str) -> list[str]:
    """The elements of `[a, "b", 'c']`; ["none"] for `[]`; ValueError when it is malformed."""
    return list(_elements(written[1:-1].strip())) or [NO_ELEMENTS]


def _elements(inside: str) -> Iterator[str]:
    """One element after the other, out of its quotes."""
    position = 0
    while position < len(inside):
        match = _ELEMENT.match(inside, position)
        if match is None:
            raise ValueError("expected a list like [a, b], with quotes around odd values")
        yield match[3] if match[3] is not None else _unquoted(match)
        position = match.end()


def _unquoted(match: "re.Match[str]") -> str:
    """The content of a double or single quoted string."""
    if match[1] is None:
        return str(match[2])
    return re.sub(r'\\(["\\])', r"\1", match[1])


def written_line(name: str, value: str | Iterable[str]) -> str:
    """The line of a file that gives `value` to option `name`; ValueError for a line break."""
    if isinstance(value, str):
        return f"{name} = {_written(value)}"
    return f"{name} = [{', '.join(_written(element) for element in value)}]"


def _written(value: str) -> str:
    """`value` as it stands in a file, quoted unless it is beyond doubt without."""
    if "\n" in value or "\r" in value:
        raise ValueError("a value with a line break cannot be kept in a file")
    if _BARE.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def opened(path: str) -> TextIO:
    """The file at `path`, ready for `FileFormat.parse`; OSError as `open` raises it."""
    return open(path, encoding=ENCODING, errors="surrogateescape")


def encoded(content: str) -> bytes:
    """The bytes of a file, those of a secret that is not UTF-8 as they were."""
    return content.encode(ENCODING, errors="surrogateescape")


def save(target: str, content: str) -> None:
    """Put `content` into file `target`, all or nothing, readable by its owner alone.

    A symbolic link stays, what it points to is replaced. OSError, with what is wrong, when
    the folder cannot be written to or `target` is a folder, device or pipe.
    """
    path = Path(os.path.realpath(os.path.expanduser(target)))
    if path.exists() and not path.is_file():
        raise OSError(0, "it is there, and not a regular file")
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(encoded(content))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft)


def settings_file(items: Mapping[str, Any], title: str) -> str:
    """The text of a file with `title` as comment and a line per option, in their order."""
    lines = [f"# {title}"]
    for name, value in items.items():
        try:
            lines.append(written_line(name, value))
        except ValueError as error:
            raise ValueError(f"--{name}: {error}") from error
    return "\n".join(lines) + "\n"
