"""Is a machine well that runs dispynode, or is to? Seen from here, and by the scheduler."""

from collections.abc import Iterator
from typing import Any

from gsched.ctl import targets
from gsched.ctl.checks import network
from gsched.ctl.checks.check import WARNING, WELL, WRONG, Check, judged, unanswered
from gsched.ctl.command import Session
from gsched.ctl.failures import Failure
from gsched.ctl.words import heard, span

Row = dict[str, Any]

PORTS = (51348, 61591, 9701)  # of dispynode: up to 4.10 and gsched's own, 4.11 to 4.14, 4.15


def checks(session: Session, state: Row, host: str, secret: str | None) -> Iterator[Check]:
    """All of them. `secret`: to be tried, None: the empty one is."""
    host, port = _split(host)
    row = _row(state, host)
    where = row["address"] if row else host
    name = _name(where)
    yield name
    if name.result == WRONG:
        return
    yield from _known(session, state, host, row)
    ports = [port] if port else [row["port"]] if row and row["port"] else list(PORTS)
    yield from _node(where, ports, secret)


def _split(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdecimal() and ":" not in host else (text, 0)


def _row(state: Row, host: str) -> Row | None:
    try:
        return targets.node(state, host)
    except Failure:
        return None


def _name(host: str) -> Check:
    try:
        found = network.addresses(host)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a name
        told = f"{host} stands for no address: {getattr(error, 'strerror', '') or error}"
        return Check("name", WRONG, told, "correct the name, or see to DNS and /etc/hosts")
    return Check("name", WELL, f"{host} is {', '.join(found)}")


def _known(session: Session, state: Row, host: str, row: Row | None) -> Iterator[Check]:
    if row is None:
        mend = f"start dispynode there; for another network: gschedctl add-node {host}"
        yield Check("scheduler", WARNING, f"the scheduler knows no node {host}", mend)
    else:
        about = session.api.get(f"/nodes/{row['address']}")
        told = f"{row['address']} is {row['state']}: {about['why']}"
        mend = f"it was heard {heard(row['heard'])}; is dispynode running there?"
        yield judged("scheduler", row["state"] == "ready", told, mend)
        yield from unanswered(row)
    address = row["address"] if row else host
    for one in [x for x in state["refused"] if x["address"].partition(":")[0] == address][-1:]:
        told = f"it was refused {span(state['time'] - one['time'])} ago: {one['reason']}"
        yield Check("refused", WARNING, told, "see to that on one of both sides")


def _node(host: str, ports: list[int], secret: str | None) -> Iterator[Check]:
    problems = {port: network.reach(host, port) for port in ports}
    reached = [port for port, problem in problems.items() if not problem]
    if not reached:
        told = f"{' and '.join(map(str, ports))} {problems[ports[0]]}"
        yield Check("port", WRONG, told, "start dispynode there, and open its port in firewalls")
        return
    for port in reached:
        yield Check("port", WELL, f"port {port} is open")
        yield from _dispynode(host, port, secret)


def _dispynode(host: str, port: int, secret: str | None) -> Iterator[Check]:
    try:
        sign = network.sign(host, port)
        if sign:
            yield Check("dispynode", WELL, f"a dispynode answers at port {port}")
            yield _secret(host, port, sign, secret)
        elif network.speaks_tls(host, port):
            mend = "gsched needs --node_certfile and --node_keyfile; without TLS it sees no more"
            yield Check("dispynode", WARNING, f"port {port} takes TLS only", mend)
        else:
            told = f"whoever answers at port {port} is no dispynode of 4.11 or newer"
            yield Check("dispynode", WARNING, told, "start dispynode there, or give its port")
    except OSError as error:
        told = f"port {port}: {error.strerror or error}"
        yield Check("dispynode", WARNING, told, "its log may say why it hangs up")


def _secret(host: str, port: int, sign: str, secret: str | None) -> Check:
    known = network.knows(host, port, sign, secret or "")
    if secret:
        mend = (
            "start dispynode with the --secret that gsched has as --node_secret, or the other way"
        )
        told = "it has this secret" if known else "it has another secret"
        return judged("secret", known, told, mend, WRONG)
    told = "it serves whoever reaches it: it has no secret" if known else "it has a secret"
    mend = "dispynode --secret and gsched --node_secret keep strangers out"
    return Check("secret", WARNING, told, mend) if known else Check("secret", WELL, told)
