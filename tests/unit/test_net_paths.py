"""Where files of clients may go: below the computation's directory, on any node."""

import ntpath
import posixpath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.net.paths import check_file
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.records import XferFile

BASE = {posixpath: "/spool/one", ntpath: "C:\\spool\\one"}
TEXTS = st.text(st.sampled_from("/\\.:aC\0 ~"), max_size=8)


def file(name: str, dest_path: str, sep: str) -> XferFile:
    stat = StatResult((0o644, 0, 0, 0, 0, 0, 1, 0, 0, 0))
    return XferFile(name=name, dest_path=dest_path, compute_id=1, stat_buf=stat, sep=sep)


def target(one: XferFile, system: Any) -> str:
    """Where a node of that system puts it."""
    folder = system.join(BASE[system], one.dest_path.replace(one.sep, system.sep))
    return str(system.normpath(system.join(folder, one.name.split(one.sep)[-1])))


@pytest.mark.parametrize(
    "name, dest_path, sep",
    [
        ("/home/u/a.txt", "", "/"),
        ("/home/u/a.txt", "sub/folder", "/"),
        ("C:\\Users\\u\\a.txt", "sub\\folder", "\\"),
        ("a.txt", "", "/"),
        ("/home/u/..a..", "...", "/"),
        ("/home/u/a b~", "", "/"),
        ("/home/u/at 12:30", "", "/"),
    ],
)
def test_files_that_go_below(name: str, dest_path: str, sep: str) -> None:
    check_file(file(name, dest_path, sep))


@pytest.mark.parametrize(
    "name, dest_path, sep",
    [
        ("/a", "..", "/"),
        ("/a", "b/../..", "/"),
        ("/a", "..\\b", "/"),
        ("/a", "b\\..\\..", "/"),
        ("/a", "/etc", "/"),
        ("/a", "C:\\etc", "\\"),
        ("/a", "C:etc", "/"),
        ("/a", "b\0", "/"),
        ("/a", "\\\\host\\share", "/"),
        ("/a", "b" * 2000, "/"),
        ("/a", "xyetc", "xy"),  # which nodes make /etc of
        ("/etc/passwd", "", "x"),  # whose last part is all of it
        ("/etc/passwd", "", ""),
        ("C:\\a", "", "/"),
        ("a\\b", "", "/"),
        ("C:a", "", "/"),
        ("/home/..", "", "/"),
        ("/home/.", "", "/"),
        ("/home/", "", "/"),
        ("", "", "/"),
        ("/home/a\0", "", "/"),
    ],
)
def test_files_that_go_elsewhere(name: str, dest_path: str, sep: str) -> None:
    with pytest.raises(PeerError, match="leads out"):
        check_file(file(name, dest_path, sep))


@given(TEXTS, TEXTS, st.sampled_from(["/", "\\", "a", "", "//", "."]))
def test_none_goes_elsewhere(name: str, dest_path: str, sep: str) -> None:
    one = file(name, dest_path, sep)
    try:
        check_file(one)
    except PeerError:
        return
    for system, base in BASE.items():
        assert target(one, system).startswith(base + system.sep)
