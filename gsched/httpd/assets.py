"""The files the browser gets: read once, held in memory, served from a fixed table.

A request names a key of that table and never a path on disk, so there is nothing to climb out of.
"""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import gsched

if TYPE_CHECKING:
    from importlib.abc import Traversable

INDEX, LOGIN = "index.html", "login.html"

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}


PARTS = (".css", ".js")  # of a page: they bear no policy of their own
WORKER = "worker.js"  # but for this, which is no part of one
_GAIN = 0.9  # of its size: what gzip makes larger than that is sent as it is


@dataclass(frozen=True)
class Asset:
    """One file: its bytes, its media type and a quoted strong ETag.

    `packed`: its bytes by gzip, if that is of use. `is_part`: it only works inside a page.
    """

    body: bytes
    content_type: str
    etag: str
    packed: bytes | None = None
    is_part: bool = False

    def matches(self, if_none_match: str) -> bool:
        """Whether an If-None-Match header says that the browser holds these very bytes."""
        tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        return self.etag in tags or self._packed_etag in tags or "*" in tags

    def sent(self, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers for a browser that takes those encodings."""
        # Cached, but asked for anew each time: after an upgrade old and new files never mix.
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if self.packed is not None and _takes_gzip(accept_encoding):
            return self.packed, {**headers, "ETag": self._packed_etag, "Content-Encoding": "gzip"}
        return self.body, {**headers, "ETag": self.etag}

    @property
    def _packed_etag(self) -> str:
        return f'{self.etag[:-1]}-gzip"'


def load() -> dict[str, Asset]:
    """Returns the page's files by relative name.

    Raises FileNotFoundError when the installation has no page.
    """
    root = _root()
    assets = dict(_walk(root, ""))
    if INDEX not in assets:
        raise FileNotFoundError(f"the page's files are missing: no {INDEX} in {root}")
    return assets


def _root() -> "Traversable":
    """Returns the folder: the installed package, or `web/` beside it in a source tree."""
    try:
        return resources.files("gsched.web")
    except ModuleNotFoundError:
        return Path(gsched.__file__).resolve().parent.parent / "web"


def _walk(folder: "Traversable", prefix: str) -> Iterator[tuple[str, Asset]]:
    """Yields the files below `folder` of the types we serve; anything else stays inside."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        name = prefix + entry.name
        content_type = CONTENT_TYPES.get(Path(name).suffix)
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            yield from _walk(entry, name + "/")
        elif content_type:
            yield name, asset(name, entry.read_bytes(), content_type)


def asset(name: str, body: bytes, content_type: str) -> Asset:
    """A file of those bytes."""
    packed = gzip.compress(body, 9, mtime=0)
    return Asset(
        body,
        content_type,
        f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        packed if len(packed) < _GAIN * len(body) else None,
        name.endswith(PARTS) and name != WORKER,
    )


def _takes_gzip(accept_encoding: str) -> bool:
    for one in accept_encoding.lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False
