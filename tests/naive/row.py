"""A row: one defence, its naive version, and the tests that see the difference."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST = re.compile(r"(test_\w+\.py)::(test_\w+)(\[.+\])?")


@dataclass(frozen=True)
class Row:
    """`text` of a module of gsched, which stands there once, is what keeps the threat away.

    With `naive` in its place each of the `tests`, `FILE::TEST`, fails; or never ends, if it
    `hangs`.
    """

    threat: str
    module: str
    text: str
    naive: str
    tests: tuple[str, ...]
    hangs: bool = False

    def problems(self, tests: set[tuple[str, str]]) -> Iterator[str]:
        """Why the row says nothing any more; `tests` are all that there are."""
        place = f"{self.module}: {self.text!r}"
        if (times := self.source(ROOT).count(self.text)) != 1:
            yield f"{place} is there {times} times"
            return
        try:
            ast.parse(self.altered(ROOT))
        except SyntaxError as error:
            yield f"{place}: its naive version is no Python: {error}"
        for test in self.tests or ("no test",):
            found = TEST.fullmatch(test)
            if found is None or (found[1], found[2]) not in tests:
                yield f"{place}: {test} is not there"

    def source(self, root: Path) -> str:
        """Of the module."""
        return (root / "gsched" / self.module).read_text(encoding="utf-8")

    def altered(self, root: Path) -> str:
        """The module's source without the defence."""
        return self.source(root).replace(self.text, self.naive)


def row(threat: str, module: str, text: str, naive: str, *tests: str, hangs: bool = False) -> Row:
    """A row, tests last."""
    return Row(threat, module, text, naive, tests, hangs)
