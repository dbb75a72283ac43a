"""`gschedctl add-node`: nodes that are not found by themselves."""

from argparse import ArgumentParser, ArgumentTypeError
from urllib.parse import urlsplit

from gsched.ctl import orders
from gsched.ctl.command import Command, Session
from gsched.ctl.failures import DONE


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    about = "name or address, with :PORT if it is not the usual one ([ADDRESS]:PORT for IPv6)"
    parser.add_argument("hosts", nargs="+", metavar="HOST", type=_host, help=about)
    orders.add_reason(parser)


def run(session: Session) -> int:
    """All that are named."""
    for host, port in session.given.hosts:
        body = {"host": host, "reason": session.given.reason} | ({"port": port} if port else {})
        orders.warn(session, session.api.send("POST", "/nodes", body))
        if not session.screen.json:
            session.screen.say(f"add-node: {host} is looked for from now on")
    if session.screen.json:
        done = [{"kind": "node", "id": x, "action": "add-node"} for x, _ in session.given.hosts]
        session.screen.give({"done": done})
    return DONE


def _host(text: str) -> tuple[str, int | None]:
    """Host and port."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    try:
        parts = urlsplit(f"//{text}")
        if parts.hostname and parts.netloc == text and parts.port != 0 and "@" not in text:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise ArgumentTypeError(f"{text!r} is no host, and no HOST:PORT")


COMMAND = Command(
    "add-node",
    "Look for nodes at these hosts, and whenever they are not known",
    run,
    arguments,
    about="`gschedctl wait nodes N` tells when they are there; `gschedctl doctor HOST` why not.",
    examples={"gschedctl add-node far.example.org 10.1.2.3:51348": "Two of them."},
)
