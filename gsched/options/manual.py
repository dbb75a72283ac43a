"""Writes what people read about the options from the one table of them.

`python -m gsched.options.manual` rewrites conf/gsched.conf and the table in README.md, between the
markers; with `--check` it only tells which of the two is out of step, and exits with 1 if any.
"""

import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gsched.options.configfile import written_line
from gsched.options.option import Option
from gsched.options.prose import FILE_HEADER
from gsched.options.table import OPTIONS

START = "<!-- options -->"
END = "<!-- /options -->"

_WIDTH = 95
_NAME = re.compile(r"(?<![\w-])--?[a-z][a-z_]*\b|GSCHED_[A-Z_]+")
"""Names of options and variables inside a text."""
_ROOT = Path(__file__).resolve().parents[2]
_README = "README.md"
_CONF = "conf/gsched.conf"


class OutOfReach(Exception):
    """A file that the table cannot be put into; its text says which and why."""


def table(options: Sequence[Option] = OPTIONS) -> str:
    """The options as a markdown table: option, variable, default, meaning."""
    lines = ["| Option | Variable | Default | Meaning |", "|---|---|---|---|"]
    for title, members in _groups(options):
        lines.append(f"| **{title}** | | | |")
        lines.extend(_table_row(option) for option in members)
    return "\n".join(lines) + "\n"


def _table_row(option: Option) -> str:
    """One row of the markdown table."""
    names = "<br>".join(f"`{invocation}`" for invocation in option.invocations)
    variable = f"`{option.variable}`" if option.variable else "-"
    meaning = _NAME.sub(r"`\g<0>`", option.help)
    cells = (names, variable, f"`{option.default_text}`", meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def conf(options: Sequence[Option] = OPTIONS) -> str:
    """The file with every option that a file may give, commented out at its default."""
    blocks = [_comment(FILE_HEADER.split("\n\n"))]
    for title, members in _groups([option for option in options if option.in_file]):
        blocks.append(f"# {'-' * 10} {title} {'-' * (_WIDTH - 14 - len(title))}")
        blocks.extend(_conf_block(option) for option in members)
    return "\n\n".join(blocks) + "\n"


def _conf_block(option: Option) -> str:
    """The help of one option as a comment, and its line, commented out."""
    text = option.help
    if option.default_shown:
        text += f" Default: {option.default_shown}."
    return f"{_comment([text])}\n#{written_line(option.name, option.default)}"


def _comment(paragraphs: Sequence[str]) -> str:
    """The paragraphs as comment lines, wrapped."""
    fill = textwrap.TextWrapper(
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n#\n".join(fill.fill(paragraph) for paragraph in paragraphs)


def _groups(options: Sequence[Option]) -> Iterator[tuple[str, list[Option]]]:
    """Each group's title with its options, in the order of the table."""
    for title in dict.fromkeys(option.group for option in options):
        yield title, [option for option in options if option.group == title]


def _readme_text(current: str | None) -> str:
    """README.md with the table of today; OutOfReach without a file or its markers."""
    if current is None:
        raise OutOfReach(f"{_README} is not there")
    head, start, rest = current.partition(START)
    _, end, tail = rest.partition(END)
    if not start or not end:
        raise OutOfReach(f"{_README} lacks the markers {START} and {END}")
    return f"{head}{START}\n{table()}{END}{tail}"


_TEXTS: dict[str, Callable[[str | None], str]] = {
    _CONF: lambda current: conf(),
    _README: _readme_text,
}
"""File -> what it should be, from what it is (None: not there)."""


def rewrite(root: Path) -> list[str]:
    """Bring the files under `root` into step; what could not be done, a line each."""
    problems = []
    for name, wanted in _TEXTS.items():
        path = root / name
        try:
            text = wanted(_text(path))
        except OutOfReach as problem:
            problems.append(str(problem))
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return problems


def out_of_step(root: Path) -> list[str]:
    """What under `root` does not agree with the table, a line each."""
    problems = []
    for name, wanted in _TEXTS.items():
        current = _text(root / name)
        try:
            if wanted(current) != current:
                problems.append(f"{name} is out of step: run python -m gsched.options.manual")
        except OutOfReach as problem:
            problems.append(str(problem))
    return problems


def _text(path: Path) -> str | None:
    """The content of the file; None if there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(argv: Sequence[str], root: Path = _ROOT) -> int:
    """Rewrite or check; 0 when all is in step, 1 when something is not, 2 for a wrong call."""
    if list(argv) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m gsched.options.manual [--check]\n")
        return 2
    problems = out_of_step(root) if argv else rewrite(root)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
