"""The security chapter of the README: each of its tests exists, and how secrets are compared."""

import ast
import hmac
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from naive.table import ROWS

from gsched.httpd.access import accounts
from gsched.wire import secrets

ROOT = Path(__file__).resolve().parents[2]
TABLE = "| threat | who | defence | test |"
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
SECRET = {
    *("auth", "client_auth", "node_auth", "hash", "code", "client_code", "pong_code", "node_code"),
    *("secret", "node_secret", "cluster_secret", "password", "token"),
}
OWN = {  # of our own user: nobody else has a say in either side
    "settings.cluster_secret == settings.node_secret",
    "getpass.getpass('Again: ') != password",
}


def rows() -> list[str]:
    """Of the table of threats, without its head."""
    _, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition(TABLE)
    lines = after.splitlines()[2:]
    return lines[: next(n for n, line in enumerate(lines) if not line.startswith("|"))]


def defined() -> set[tuple[str, str]]:
    """All tests, with their files."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found.add((path.name, node.name))
    return found


def test_each_threat_has_tests_that_exist() -> None:
    there = defined()
    assert len(rows()) > 10
    for row in rows():
        named = TEST.findall(row)
        assert named, f"no test: {row}"
        assert not [one for one in named if one not in there]


def test_each_defence_is_where_its_row_says() -> None:
    """`make mutants` takes them away, one after the other; what it says of them has to be so."""
    there = defined()
    assert not [problem for row in ROWS for problem in row.problems(there)]


def test_what_the_threats_name_fails_without_a_defence() -> None:
    """All tests of the table of threats are those of a row, too."""
    seen = {test.partition("[")[0] for row in ROWS for test in row.tests}
    named = ["::".join(one) for threat in rows() for one in TEST.findall(threat)]
    assert not [test for test in named if test not in seen]


def comparisons() -> Iterator[tuple[Path, str]]:
    """All of which one side is called like a secret."""
    for path in (ROOT / "gsched").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and _is_of_secrets(node):
                yield path, ast.unparse(node)


def _is_of_secrets(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    if not any(isinstance(one, (ast.Eq, ast.NotEq)) for one in node.ops):
        return False
    if any(ast.unparse(side).startswith("errno.") for side in sides):
        return False
    return any(_name(side) in SECRET for side in sides)


def _name(side: ast.expr) -> str:
    """How the last part of it is called: of `a.auth` and of `a["auth"]` it is that."""
    if isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Constant):
        return str(side.slice.value)
    return getattr(side, "attr", getattr(side, "id", ""))


@pytest.mark.parametrize("text", ["a.auth == b", "x != body['hash']", "code == self.code"])
def test_such_comparisons_are_seen(text: str) -> None:
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.Compare) and _is_of_secrets(node)


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By `secrets.same` or its like, and these by what the library has for it."""
    assert not {text for _, text in comparisons()} - OWN
    compared: list[bytes] = []
    for module in (secrets, hmac):
        compare = lambda a, b: compared.append(a + b) or a == b  # noqa: E731
        monkeypatch.setattr(module, "compare_digest", compare)
    assert secrets.same("one", b"one") and not secrets.same("one", "two")
    assert accounts.proves("word", hashed := accounts.hashed("word"))
    assert not accounts.proves("other", hashed)
    assert compared[:2] == [b"oneone", b"onetwo"] and len(compared) == 4
