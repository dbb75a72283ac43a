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
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

ADDRESS_KEY = "gsched.address"  # environ: the local address at which the connection came in


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
