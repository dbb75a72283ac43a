"""The configuration file: what it says is what was meant, whatever characters are in it."""

from __future__ import annotations

import io

import configargparse
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from option_cases import AWKWARD, one_line

from gsched.options.configfile import (
    FileFormat,
    hint,
    nearest,
    read_list,
    settings_file,
    written_line,
)


def read(text: str) -> dict[str, str | list[str]]:
    """What a file with an option `s`, also called `other`, and a list `many` gives."""
    form = FileFormat({"s": "s", "other": "s", "a_b": "a_b", "many": "many"}, {"many"}, {"no": "!"})
    return dict(form.parse(io.StringIO(text)))


# ----------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("s = a", "a"),
        ("s=a", "a"),
        ("  s   =   a  ", "a"),
        ("other = a", "a"),
        ("s = a # b", "a # b"),
        ("s = a=b", "a=b"),
        ("s =", ""),
        ('s = ""', ""),
        ("s = ''", ""),
        ('s = " a "', " a "),
        ("s = ' a\\'", " a\\"),
        (r's = "a\"b\\c\d"', r'a"b\c\d'),
        ("s = it's", "it's"),
        ("s = [a, b]", "[a, b]"),
        ("s = a\r", "a"),
    ],
)
def test_single_values(line: str, expected: str) -> None:
    assert read(line) == {"s": expected}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[a]", ["a"]),
        ("[a, b]", ["a", "b"]),
        ("[ a ,b, ]", ["a", "b"]),
        ("['a,b', \"c ] d\"]", ["a,b", "c ] d"]),
        ("[[::1]:7, [::2]]", ["[::1]:7", "[::2]"]),
        ("[a b]", ["a b"]),
        ("[]", ["none"]),
        ("[ ]", ["none"]),
        ('[""]', [""]),
        ("a", "a"),
        ("a, b", "a, b"),
        ("[::1]:7", "[::1]:7"),
    ],
)
def test_lists(line: str, expected: str | list[str]) -> None:
    assert read(f"many = {line}") == {"many": expected}


@pytest.mark.parametrize("line", ["[,]", "[a,,b]", "[a 'b']", "['a]", "[it's]", '["a" b]'])
def test_malformed_lists(line: str) -> None:
    with pytest.raises(ValueError, match="expected a list"):
        read_list(line)


def test_what_is_no_option() -> None:
    assert read("\ufeff# comment\n\n   \n  # comment = 1\na-b = 1\n") == {"a_b": "1"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\n\ns", "line 3: expected"),
        ("s = 1\n# x\ns = 2", "line 3: s is given already: file, line 1"),
        ("s = 1\nother = 2", "line 2: other is given already"),
        ("x_b = 1", "line 1: unknown option 'x_b'; did you mean a_b?"),
        ("no = 1", "line 1: no: !"),
        ('s = "a', "line 1: s: the quote is not closed"),
        ('s = "a" b', "line 1: s: the quote is not closed"),
        ("s = 'a'b'", "line 1: s: the quote is not closed"),
        ("many = [,]", "line 1: many: expected a list"),
    ],
)
def test_mistakes(text: str, wanted: str) -> None:
    with pytest.raises(configargparse.ConfigFileParserException, match="file, line ") as error:
        read(text)
    assert wanted in str(error.value)


def test_mistakes_do_not_tell_values() -> None:
    for text in ('s = "pears', "pears", "x_b = pears", "s = 1\ns = pears"):
        with pytest.raises(configargparse.ConfigFileParserException) as error:
            read(text)
        assert "pears" not in str(error.value)


def test_nearest() -> None:
    names = ["node_port", "port", "nodes", "node"]
    assert nearest("node", names) == "node"
    assert nearest("nod", names) == "node"
    assert nearest("prot", names) == "port"
    assert nearest("", names) == nearest("zzzz", names) == ""
    assert hint("port") == "; did you mean port?"
    assert "--help" in hint("")


# ----------------------------------------------------------------------------------- writing


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\n", "a\r\n"])
def test_line_breaks_cannot_be_written(value: str) -> None:
    for written in (value, [value]):
        with pytest.raises(ValueError, match="line break"):
            written_line("s", written)
    with pytest.raises(ValueError, match="--s: a value with a line break"):
        settings_file({"s": value}, "title")


def test_plain_values_are_written_plainly() -> None:
    assert written_line("s", "10m") == "s = 10m"
    assert written_line("s", "/a/b.c") == "s = /a/b.c"
    assert written_line("many", ["a", "b:7"]) == "many = [a, b:7]"
    assert written_line("many", []) == "many = []"
    assert written_line("s", "a b") == 's = "a b"'


@pytest.mark.parametrize("value", [value for value in AWKWARD if "\udcff" not in value])
def test_what_is_written_is_read(value: str) -> None:
    text = settings_file({"s": value, "many": [value, "x", value]}, "title")
    assert read(text) == {"s": value, "many": [value, "x", value]}


@hypothesis_settings(database=None, deadline=None)
@given(one_line, st.lists(one_line, min_size=1))
def test_any_value_that_is_written_is_read(value: str, many: list[str]) -> None:
    assert read(settings_file({"s": value, "many": many}, "title")) == {"s": value, "many": many}


@hypothesis_settings(database=None, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except configargparse.ConfigFileParserException as error:
        assert "line " in str(error)
    else:
        assert set(found) <= {"s", "a_b", "many"}
