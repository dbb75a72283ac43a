"""Where the scheduler is, and what proves to it who asks."""

import ipaddress
import stat
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gsched.ctl.failures import Mistake

SOCKET = "api.sock"  # in the folder where the scheduler keeps its state
SERVICE = Path("/var/lib/gsched")  # that folder, as conf/gsched.service has it
PAGE = "http://127.0.0.1:8181"  # where a scheduler is that has no socket


@dataclass(frozen=True)
class Place:
    """One scheduler. `socket` wins over `url`."""

    url: str
    socket: Path | None = None
    token: str = field(default="", repr=False)
    cafile: Path | None = None
    tried: tuple[Path, ...] = ()
    """Sockets that are not there, if nobody has said where the scheduler is."""

    @property
    def name(self) -> str:
        """For people."""
        return str(self.socket or self.url)

    @property
    def local(self) -> bool:
        """Whether no network lies between."""
        return self.socket is not None or _is_loopback(urlsplit(self.url).hostname or "")


def find(given: Namespace, environ: Mapping[str, str]) -> Place:
    """The place that options, else variables, name; else this host's. Raises Mistake."""
    named = _named(given, environ)
    if named is None:
        return _on_this_host(environ)
    option, text = named
    cafile = given.cafile or environ.get("GSCHEDCTL_CAFILE")
    if option == "--socket":
        path = Path(text).expanduser()
        return Place("http://localhost", path / SOCKET if path.is_dir() else path)
    trusted = Path(cafile).expanduser() if cafile else None
    place = Place(_url(option, text), None, _token(given, environ), trusted)
    if place.token and not place.local and not place.url.startswith("https:"):
        raise Mistake(f"{place.url}: a token would cross the network in clear; use https://")
    return place


def _named(given: Namespace, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Option and value that say where it is: the command line wins."""
    if given.url is not None and given.socket is not None:
        raise Mistake("--url and --socket name two places; give one")
    texts = (given.url, given.socket, environ.get("GSCHEDCTL_URL"), environ.get("GSCHEDCTL_SOCKET"))
    options = ("--url", "--socket", "--url", "--socket")
    return next(((option, text) for option, text in zip(options, texts, strict=True) if text), None)


def _on_this_host(environ: Mapping[str, str]) -> Place:
    """The first socket that is there, else the page at its usual port."""
    sockets = [folder / SOCKET for folder in _folders(environ)]
    for path in sockets:
        if _is_there(path):
            return Place("http://localhost", path)
    token = environ.get("GSCHEDCTL_TOKEN", "")
    return Place(PAGE, None, token, tried=tuple(sockets))


def _is_there(path: Path) -> bool:
    """Also one that only others may use: then that is to be said."""
    try:
        return path.is_socket()
    except PermissionError:
        return False


def _folders(environ: Mapping[str, str]) -> list[Path]:
    """Where schedulers of this host keep their state."""
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        state = Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    own = environ.get("GSCHED_DEST_PATH_PREFIX")
    return [*([Path(own)] if own else []), state / "gsched", SERVICE]


def _url(option: str, text: str) -> str:
    """A plain one. Raises Mistake."""
    whole = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(whole)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise Mistake(f"{option} {text!r} is no address; give one like {PAGE}")
    if parts.username or parts.password:
        raise Mistake(f"{option}: a password in an address is seen by all; use --token_file")
    return whole.rstrip("/")


def _token(given: Namespace, environ: Mapping[str, str]) -> str:
    """From a file, or from the variable. Raises Mistake."""
    name = given.token_file or (
        None if "GSCHEDCTL_TOKEN" in environ else environ.get("GSCHEDCTL_TOKEN_FILE")
    )
    token = _read_token(Path(name).expanduser()) if name else environ.get("GSCHEDCTL_TOKEN", "")
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise Mistake("the token holds blanks or other characters that no token has")
    return token


def _read_token(path: Path) -> str:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Mistake(f"--token_file {path}: others may read it; chmod 600 {path}")
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no text"
        raise Mistake(f"--token_file {path}: {why}") from None
    if not token:
        raise Mistake(f"--token_file {path}: is empty")
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
