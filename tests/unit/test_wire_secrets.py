"""Handshake codes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import secrets
from gsched.wire.frames import CODE_SIZE

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@given(st.text(), st.text())
def test_code_is_sha1_of_secret_and_sign(secret: str, sign: str) -> None:
    """As every release of dispy computes it."""
    expected = hashlib.sha1((secret + sign).encode()).hexdigest().encode()
    assert secrets.code(secret, sign) == expected


def test_code_known_by_heart() -> None:
    """One that does not depend on another implementation."""
    assert secrets.code("a", "bc") == b"a9993e364706816aba3e25717850c26c9cd0d89d"


@given(ANY_TEXT, ANY_TEXT)
def test_code_of_any_text(secret: str, sign: str) -> None:
    """A peer's sign may be any text a pickle can hold; each gives a code of the one size."""
    assert len(secrets.code(secret, sign)) == CODE_SIZE


def test_new_signs_are_all_different() -> None:
    """40 hexadecimal digits, as peers expect, and no two alike."""
    signs = {secrets.new_sign() for _ in range(1000)}
    assert len(signs) == 1000
    assert all(len(sign) == CODE_SIZE and int(sign, 16) >= 0 for sign in signs)


def test_stranger_is_no_code() -> None:
    """What stands for an unknown code can never be one."""
    assert len(secrets.STRANGER) == CODE_SIZE
    with pytest.raises(ValueError):
        int(secrets.STRANGER, 16)


@given(ANY_TEXT, ANY_TEXT)
def test_same_is_equality(left: str, right: str) -> None:
    """Of texts, of bytes, and of one with the other."""
    raw = left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass")
    for one in (left, raw[0]):
        for other in (right, raw[1]):
            assert secrets.same(one, other) == (left == right)


@given(ANY_TEXT)
def test_same_as_itself(text: str) -> None:
    """Equal, however it is written."""
    assert secrets.same(text, text.encode("utf-8", "surrogatepass"))


def test_codes_of_different_lengths_differ() -> None:
    """A prefix is not enough."""
    code = secrets.code("secret", "sign")
    assert not secrets.same(code, code[:-1])
    assert not secrets.same(code, b"")
    assert secrets.same(code, code.decode())
