"""TLS with nodes and with clients: on each side by itself, and what is said where it cannot be."""

import signal
import socket
import ssl
import sys
from pathlib import Path

import pytest
from peers import Gsched, Node, Stage
from peers.certificates import Certificate, issued, self_signed, with_password
from peers.stage import Client
from test_start import refusal

pytestmark = pytest.mark.real

FAILED = "TLS handshake failed"
SIDES = ("node", "cluster")
SENT = ("Finished", [0, 0, 0, 0], ["made by the job 0", "made by the job 1"])

if sys.version_info < (3, 12):

    @pytest.fixture
    def tls_python() -> str:
        """An interpreter on which dispy makes TLS connections."""
        return sys.executable

else:

    @pytest.fixture
    def tls_python(old_python: str) -> str:
        """An interpreter on which dispy makes TLS connections."""
        return old_python


class Side:
    """The peers of a test that use TLS, if they are given a certificate."""

    def __init__(self, stage: Stage, python: str) -> None:
        self.stage = stage
        self.python = python

    def node(self, certificate: Certificate | None) -> Node:
        options = certificate.of_node if certificate else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "executable", self.python)
            return self.stage.node(1, *options)

    def client(
        self, program: str, gsched: Gsched, certificate: Certificate | None, **arguments: object
    ) -> Client:
        keywords = certificate.of_client if certificate else {}
        return self.stage.client(program, gsched, python=self.python, cluster=keywords, **arguments)


@pytest.fixture
def peers(stage: Stage, tls_python: str) -> Side:
    return Side(stage, tls_python)


def sent(client: Client) -> tuple[str, list[int], list[str]]:
    """How a job ended that sends to its client, with which codes, and what arrived."""
    outcome = client.outcome()
    return outcome["job"]["status"], outcome["job"]["result"], outcome["files"]


@pytest.mark.proves("certfile=", "--node_certfile", "--node_keyfile", "--cluster_certfile")
def test_each_side_has_a_certificate_of_its_own(peers: Side, tmp_path: Path) -> None:
    nodes, clients = (self_signed(tmp_path, side) for side in SIDES)
    node = peers.node(nodes)
    inside = ("--cluster_certfile", str(clients.both))  # with its key
    gsched = peers.stage.gsched(*nodes.options("node"), *inside, nodes=[node])
    path = tmp_path / "poem.txt"
    path.write_text("roses")
    depends = peers.client("depends", gsched, clients, path=str(path), name="poem.txt")
    sends = peers.client("sends", gsched, clients)
    assert [job["status"] for job in depends.outcome()["jobs"]] == ["Finished"] * 2
    assert sent(sends) == SENT
    assert peers.client("squares", gsched, clients, jobs=20).outcome()["wrong"] == []
    gsched.wait_for_totals(clusters=0)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.proves("--cluster_keyfile")
def test_one_side_alone(peers: Side, tmp_path: Path, side: str) -> None:
    certificate = self_signed(tmp_path, side)
    node = peers.node(certificate if side == "node" else None)
    gsched = peers.stage.gsched(*certificate.options(side), nodes=[node])
    ours = certificate if side == "cluster" else None
    assert peers.client("squares", gsched, ours, jobs=5).outcome()["wrong"] == []
    # What jobs send to clients goes by way of gsched: they cannot speak to each other.
    assert sent(peers.client("sends", gsched, ours)) == SENT


def test_certificates_of_one_issuer(peers: Side, tmp_path: Path) -> None:
    """Nobody has the same, but all have that of the issuer in their file."""
    authority = self_signed(tmp_path, "authority")
    node, ours, client = (issued(tmp_path, name, authority) for name in ("node", "ours", "client"))
    found = peers.node(node)
    gsched = peers.stage.gsched(*ours.options("node"), *ours.options("cluster"), nodes=[found])
    assert peers.client("squares", gsched, client, jobs=5).outcome()["wrong"] == []


def test_peers_with_another_certificate(peers: Side, tmp_path: Path) -> None:
    ours, other = (self_signed(tmp_path, name) for name in ("ours", "other"))
    stranger, plain = peers.node(other), peers.node(None)
    names = [x for node in (stranger, plain) for x in ("-n", node.address)]
    sides = [*ours.options("node"), *ours.options("cluster")]
    gsched = peers.stage.gsched(*sides, *names, "--msg_timeout", "1")
    clients = [peers.client("squares", gsched, x) for x in (other, None)]
    for node in (stranger, plain):
        gsched.wait_for_text(rf"node {node.address}: {FAILED} .*certificate of --node_certfile")
    assert "could not be sent to scheduler" in clients[0].failure()
    gsched.wait_for_text(rf"client cannot be reached .*{FAILED} .*of --cluster_certfile")
    assert clients[1].failure()
    gsched.wait_for_text(rf"{FAILED} \(WRONG_VERSION\w+\): .* certificate of --cluster_certfile")
    assert gsched.status()["nodes"] == []


def test_peers_with_tls_where_there_is_none(peers: Side, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "theirs")
    gsched = peers.stage.gsched()
    assert peers.client("squares", gsched, certificate).failure()
    gsched.wait_for_text(r"the peer uses TLS, which is off here: see --cluster_certfile")
    with (
        socket.create_connection((gsched.address, peers.stage.base)) as sock,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        context(ssl.TLSVersion.TLSv1_2).wrap_socket(sock)
    gsched.wait_for_text(r"the peer uses TLS, which is off here: see --node_certfile")


def context(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that speaks that version only, and does not look at certificates."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    found.set_ciphers("DEFAULT:@SECLEVEL=0")  # else it would not try the old ones itself
    found.minimum_version = found.maximum_version = version
    return found


@pytest.mark.filterwarnings("ignore:.*TLSv1:DeprecationWarning")
def test_versions(stage: Stage, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "ours")
    gsched = stage.gsched(*certificate.options("node"), *certificate.options("cluster"))
    for port in (stage.base, stage.base + 2):
        seen = []
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with socket.create_connection((gsched.address, port)) as sock:
                try:
                    seen.append(context(version).wrap_socket(sock).version())
                except ssl.SSLError as error:
                    seen.append(error.reason)
        assert seen == ["TLSV1_ALERT_PROTOCOL_VERSION", "TLSv1.2", "TLSv1.3"]


def test_idle_connections_hold_up_nobody(peers: Side, tmp_path: Path) -> None:
    """Such as never begin with TLS, or break off in the middle of it."""
    certificate = self_signed(tmp_path, "ours")
    node = peers.node(certificate)
    sides = [*certificate.options("node"), *certificate.options("cluster")]
    gsched = peers.stage.gsched(*sides, nodes=[node])
    idle = [socket.create_connection((gsched.address, peers.stage.base + x)) for x in (0, 2) * 20]
    for sock in idle[::2]:
        sock.sendall(b"\x16\x03\x01\x02")
    assert peers.client("squares", gsched, certificate, jobs=5).outcome()["wrong"] == []
    for sock in idle:
        sock.close()


def test_certificates_that_are_renewed(peers: Side, tmp_path: Path) -> None:
    """SIGHUP brings those that are in the files now, on both sides, to callers and to called."""
    ours, new = (self_signed(tmp_path, name) for name in ("ours", "new"))
    sides = [*ours.options("node"), *ours.options("cluster")]
    old_node, new_node = peers.node(ours), peers.node(new)
    gsched = peers.stage.gsched(*sides, "-n", new_node.address, nodes=[old_node])
    ports = (peers.stage.base, peers.stage.base + 2)
    assert [shown(gsched, port) for port in ports] == [ours.cert.read_text()] * 2
    put(new, ours)
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text("the options were read again")
    assert [shown(gsched, port) for port in ports] == [new.cert.read_text()] * 2
    gsched.wait_for_nodes([new_node])
    assert peers.client("squares", gsched, new).outcome()["wrong"] == []


def test_certificates_that_are_spoilt(stage: Stage, tmp_path: Path) -> None:
    """Those that are used stay, and the log says what is wrong with the others."""
    ours = self_signed(tmp_path, "ours")
    gsched = stage.gsched(*ours.options("cluster"))
    gsched.allowed = ["the certificate that is used stays"]
    good = ours.cert.read_text()
    ours.cert.write_text(good[:200])
    gsched.send(signal.SIGHUP)
    gsched.wait_for_text(rf"the certificate that is used stays: --cluster_certfile {ours.cert}")
    assert shown(gsched, stage.base + 2) == good


def put(source: Certificate, target: Certificate) -> None:
    """Overwrite the files of a certificate."""
    for name in ("cert", "key"):
        getattr(target, name).write_text(getattr(source, name).read_text())


def shown(gsched: Gsched, port: int) -> str:
    """The certificate that it shows there."""
    with socket.create_connection((gsched.address, port)) as sock:
        secure = context(ssl.TLSVersion.TLSv1_2).wrap_socket(sock)
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(True) or b"")


@pytest.mark.parametrize("side", SIDES)
def test_files_that_cannot_be_used(stage: Stage, tmp_path: Path, side: str) -> None:
    ours, other = (self_signed(tmp_path, name) for name in ("ours", "other"))
    locked, missing = with_password(tmp_path, ours), tmp_path / "missing"
    cert, key = f"--{side}_certfile", f"--{side}_keyfile"
    mistakes = [
        ([key, str(ours.key)], f"{key} is of no use without {cert}"),
        ([cert, str(missing)], f"{cert} {missing}: no such file"),
        ([cert, str(ours.cert)], f"it must hold certificate and key, or name the key by {key}"),
        ([cert, str(ours.cert), key, str(missing)], f"{key} {missing}: no such file"),
        ([cert, str(ours.cert), key, str(other.key)], "KEY_VALUES_MISMATCH"),
        ([cert, str(ours.cert), key, str(locked)], "must have no password"),
    ]
    started = [stage.gsched(*options, ready=False) for options, _ in mistakes]
    for gsched, (_, text) in zip(started, mistakes, strict=True):
        assert text in refusal(gsched)


@pytest.mark.proves("--local_node")
def test_local_node(peers: Side, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "ours")
    options = ["--local_node", "1", *certificate.options("node")]
    if peers.python != sys.executable:
        text = "--local_node with --node_certfile: the TLS of dispynode needs Python 3.11"
        assert text in refusal(peers.stage.gsched(*options, ready=False))
        return
    gsched = peers.stage.gsched(*options)
    gsched.wait_for_totals(nodes=1)
    assert peers.client("squares", gsched, None, jobs=5).outcome()["wrong"] == []
