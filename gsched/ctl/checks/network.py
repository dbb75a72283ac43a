"""What this host sees of another one: names, ports, and who answers there."""

import socket
import ssl
from contextlib import closing

from gsched.wire import secrets
from gsched.wire.frames import LENGTH, frame
from gsched.wire.secrets import STRANGER

PATIENCE = 5.0  # seconds, of each step
_LONGEST = 1000  # bytes of an answer


def addresses(host: str) -> list[str]:
    """What a name stands for. Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def reach(host: str, port: int) -> str:
    """Why nobody can be reached there; empty if somebody can."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except TimeoutError:
        return "does not answer: a firewall may drop what is sent there"
    except OSError as error:
        return f"cannot be reached: {error.strerror or error}"
    return ""


def sign(host: str, port: int) -> str:
    """The sign of the dispynode there; empty if none answers so. Raises OSError."""
    answer = _ask(host, port, STRANGER, b"NODE_INFO:")
    text = answer.decode("ascii", "replace")
    return text if len(text) == len(STRANGER) and text.isalnum() else ""


def knows(host: str, port: int, sign_: str, secret: str) -> bool:
    """Whether the dispynode has that secret. Raises OSError.

    It answers what it does not understand only to those who know its secret.
    """
    return bool(_ask(host, port, secrets.code(secret, sign_), b"DOCTOR:"))


def speaks_tls(host: str, port: int) -> bool:
    """Whether whoever is there takes a TLS handshake. Raises OSError."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only asked how it speaks
    with closing(socket.create_connection((host, port), PATIENCE)) as plain:
        try:
            context.wrap_socket(plain).close()
        except ssl.SSLError as error:
            return "ALERT" in str(error.reason)  # it wants a certificate of ours
        except (TimeoutError, ConnectionError):
            return False
    return True


def _ask(host: str, port: int, code: bytes, payload: bytes) -> bytes:
    """One message, one answer; empty if there is none."""
    with closing(socket.create_connection((host, port), PATIENCE)) as sock:
        try:
            sock.sendall(code + frame(payload))
            with sock.makefile("rb") as stream:
                length = int.from_bytes(stream.read(LENGTH.size), "big")
                return stream.read(min(length, _LONGEST))
        except (TimeoutError, ConnectionError):
            return b""
