"""Which requests are let in, and the headers every answer carries."""

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

# No inline script or style, nothing from elsewhere, and no way to turn a string into script:
# job and node names come from strangers, so even a slip in the page must not run them.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types gsched",  # one policy of that name, for the address of the page's worker
    )
)

OF_PARTS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),  # with no-referrer, our own forms have no origin either
    *OF_PARTS,
)

ADDRESS_KEY = "gsched.address"  # environ: the local address at which the connection came in
PEER_KEY = "gsched.peer"  # environ: the user at the other end of a Unix socket
SESSION = "/api/v1/session"  # where one signs in and out

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # methods that change nothing: all others may


def host_names(names: Iterable[str]) -> frozenset[str]:
    """Returns `names` of this host as `refusal` compares them: lower case, no trailing dot."""
    return frozenset(name.rstrip(".").lower() for name in names if name) | {"localhost"}


def refusal(environ: dict[str, Any], names: frozenset[str]) -> str | None:
    """Returns why the request's Host header is not ours, or None when it is.

    A page elsewhere can make a browser resolve its own name to 127.0.0.1 and then read our
    answers as its own (DNS rebinding); the Host header still carries the foreign name.
    """
    given = environ.get("HTTP_HOST", "")
    name = _host_part(given)
    if name in names or _is_ours(name, environ.get(ADDRESS_KEY, "")):
        return None
    return f"this page does not answer to the host name {given[:80]!r}"


def foreign(environ: dict[str, Any], origins: frozenset[str] = frozenset()) -> str | None:
    """Returns why a request that may change something is not from our page, or None when it is.

    `origins` are further ones of ours, such as that of a proxy. Programs that are no browsers say
    no origin; browsers say where a request comes from in one of two headers, and the newer one is
    missing where the page was not fetched by https or from loopback.
    """
    if environ.get("REQUEST_METHOD") in SAFE:
        return None
    origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
    if origin in origins:
        return None
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        own = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}"
        ours = origin is None or origin == own
    return None if ours else f"only this page itself may change things, not {origin or site!r:.80}"


def reads(environ: dict[str, Any]) -> bool:
    """Returns whether a request changes nothing but whether somebody is signed in."""
    return environ.get("REQUEST_METHOD") in SAFE or environ.get("PATH_INFO") == SESSION


def not_json(environ: dict[str, Any]) -> str | None:
    """Returns why a request that may change something is refused as no JSON; None: it is.

    What other sites' forms can send is never JSON. A DELETE, which no form can, needs no body.
    """
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return None
    if environ.get("REQUEST_METHOD") == "DELETE" and not int(environ.get("CONTENT_LENGTH") or 0):
        return None
    return "the body must be JSON: say Content-Type: application/json"


def _host_part(given: str) -> str:
    """Returns the name or address in a Host header; '' when it is not a plain one."""
    try:
        parts = urlsplit("//" + given)
        plain = not (parts.username or parts.password or parts.path or parts.query)
        return (parts.hostname or "").rstrip(".").lower() if plain else ""
    except ValueError:
        return ""


def _is_ours(name: str, arrival: str) -> bool:
    """Whether `name` is a loopback address or the very address the connection came in at."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or name == arrival.removeprefix("::ffff:")
