"""How late a gsched's hub was: from its own /metrics, by way of its Unix socket."""

import re
import socket
from pathlib import Path

Counts = dict[float, float]  # by upper bound in seconds: how many times it was not later
_BUCKET = re.compile(rb'^gsched_hub_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


def counts(path: Path) -> Counts:
    """All looks since its start. Empty where there is no such socket."""
    if not path.is_socket():
        return {}
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10.0)
        link.connect(str(path))
        link.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: link.recv(1 << 16), b""))
    return {float(bound): float(count) for bound, count in _BUCKET.findall(answer)}


def p99(before: Counts, after: Counts) -> float:
    """Upper bound in seconds of the bucket that 99 of 100 looks between the two were below."""
    looks = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    most = looks[float("inf")]
    return min(bound for bound, count in looks.items() if count >= 0.99 * most)
