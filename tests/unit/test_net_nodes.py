"""What strangers can do at the nodes' port: next to nothing."""

from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from gsched.core.admission import Opening
from gsched.core.dispatch import AT_NODE
from gsched.core.effects import (
    SendJob,
    SendProvisional,
    SendResult,
    SetUp,
    TellNode,
    TellScheduled,
    TellStarted,
)
from gsched.core.model.job import End
from gsched.core.model.lease import Allocation
from gsched.core.model.node import NodeState
from gsched.core.scheduler import Scheduler
from gsched.net.computation import NONE_PICKLED, Message
from gsched.net.exchange import Exchange
from gsched.net.identity import Identity
from gsched.net.keeping.keeper import Forgetful
from gsched.net.nodes import discovery
from gsched.net.nodes import messages as nodes
from gsched.net.nodes.discovery import Discovery
from gsched.net.nodes.messages import NodeService
from gsched.net.nodes.signs import Signs
from gsched.net.reception import Reception
from gsched.net.tenants import Tenants
from gsched.wire import secrets
from gsched.wire.errors import PeerError
from gsched.wire.messages import LARGE, build
from gsched.wire.records import TERMINATED, AvailInfo, Job, JobReply

NODE, GATEWAY, STRANGER = "192.0.2.7", "198.51.100.1", "203.0.113.9"
SIGN = "5" * 40
NO_NUMBERS = [float("nan"), float("inf"), -float("inf"), 1 << 8000]


class Caught(Exception):
    """The bytes that would be read."""


class World:
    """The service, its core, and what it sends."""

    timeout = 1.0

    def __init__(self) -> None:
        self.sent: list[tuple[Any, bytes]] = []
        self.datagrams: list[Any] = []
        self.identity = Identity(node_secret="n", cluster_secret="c", announced=("192.0.2.1",))
        self.scheduler = Scheduler()
        self.exchange = exchange = Exchange(self.scheduler, lambda: 1000.0)
        reception = Reception(exchange.now)
        self.discovery = Discovery(
            exchange,
            self.identity,
            reception,
            port=51347,
            ports=[51348],
            caller=self,  # type: ignore[arg-type]
            datagrams=SimpleNamespace(send=lambda *sent: self.datagrams.append(sent)),  # type: ignore[arg-type]
        )
        relays: Any = None
        self.service = NodeService(
            exchange, self.identity, self.discovery, relays, reception, Forgetful()
        )

    def tell(self, address: tuple[str, int], code: bytes, _payload: bytes) -> None:
        """Take the place of `Caller`."""
        self.sent.append((address, code))

    def serve(self, payload: bytes, source: str) -> list[bytes]:
        """The answers to a message."""
        answers: list[bytes] = []
        channel: Any = SimpleNamespace(
            peer=(source, 1),
            receive=lambda _: payload,
            send=lambda answer, *, last: answers.append(answer),
        )
        self.service.serve(channel)
        return answers

    def pong(self, source: str = NODE, **other: Any) -> None:
        """A node joins."""
        body = {
            "ip_addr": NODE,
            "port": 51348,
            "sign": SIGN,
            "version": "4.15.2",
            "name": "n",
            "cpus": 2,
            "auth": self.identity.pong_code,
            "scheduler_ip_addr": "192.0.2.1",
        }
        self.serve(build("PONG", body | other), source)


@pytest.fixture
def world() -> World:
    return World()


def limit_for(world: World, source: str) -> int:
    def receive(limit: int) -> bytes:
        raise Caught(limit)

    channel: Any = SimpleNamespace(peer=(source, 1), receive=receive)
    with pytest.raises(Caught) as caught:
        world.service.serve(channel)
    return int(caught.value.args[0])


def test_only_hosts_of_nodes_may_send_much(world: World) -> None:
    """Anybody could else have a gigabyte held for him, once for each connection."""
    assert limit_for(world, NODE) == nodes.STRANGE < 1 << 16
    world.pong()
    assert limit_for(world, NODE) == LARGE
    assert limit_for(world, STRANGER) == nodes.STRANGE


def test_nodes_behind_a_gateway_may_send_much_too(world: World) -> None:
    world.pong(GATEWAY)
    assert limit_for(world, GATEWAY) == LARGE


def test_a_ping_is_not_answered_with_a_code(world: World) -> None:
    """The sign in it may be that of another node, which obeys whoever has its code."""
    body = {"ip_addr": STRANGER, "port": 1, "sign": SIGN, "version": "4.15.2"}
    world.serve(build("PING", body), STRANGER)
    gevent.sleep(0)
    assert world.sent == [((STRANGER, 1), secrets.STRANGER)]


def test_nobody_looks_for_open_ports_through_us(world: World) -> None:
    """By a PING, or a PONG, in the name of somebody else: only nodes' ports are called there."""
    ping = {"ip_addr": NODE, "port": 22, "sign": SIGN, "version": "4.15.2"}
    for hear in (world.serve, world.service.datagram):
        with pytest.raises(PeerError, match="--allow_node_port"):
            hear(build("PING", ping), STRANGER)
    with pytest.raises(PeerError, match="--allow_node_port"):
        world.pong(STRANGER, port=22)
    world.serve(build("PING", ping | {"port": 51348}), STRANGER)
    gevent.sleep(0)
    assert [address for address, _ in world.sent] == [(NODE, 51348)]
    assert not world.scheduler.nodes


def test_pings_are_answered_now_and_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else datagrams with a wrong sender would have us besiege somebody. The last one counts."""
    rest = gevent.event.Event()
    monkeypatch.setattr(discovery, "gevent", SimpleNamespace(sleep=lambda _: rest.wait()))
    for _ in range(100):
        ping(world, STRANGER, STRANGER)
        settle()
    assert len(world.sent) == 1
    rest.set()
    settle()
    assert len(world.sent) == 2 and not world.discovery._answers


def test_one_stranger_does_not_ask_for_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks for us at the same time is greeted, too."""
    rest = gevent.event.Event()
    monkeypatch.setattr(discovery, "gevent", SimpleNamespace(sleep=lambda _: rest.wait()))
    for number in range(1000):
        ping(world, f"10.0.{number >> 8}.{number & 255}", STRANGER)
    settle()
    assert len(world.sent) == discovery._MAX_ANSWERS_OF_ONE
    ping(world, NODE, NODE)
    settle()
    assert world.sent[-1] == ((NODE, 51348), secrets.STRANGER)
    rest.set()


def test_all_strangers_together_do_not_either(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each datagram may bear another sender. It is never answered by UDP."""
    rest = gevent.event.Event()
    monkeypatch.setattr(discovery, "gevent", SimpleNamespace(sleep=lambda _: rest.wait()))
    for number in range(2000):
        address = f"10.0.{number >> 8}.{number & 255}"
        body = {"ip_addr": address, "port": 51348, "sign": SIGN, "version": "4.15.2"}
        world.service.datagram(build("PING", body), address)
    settle()
    assert len(world.sent) == discovery._MAX_ANSWERS
    rest.set()
    settle()
    assert not world.discovery._answers


def test_datagrams_are_not_answered_by_datagrams(world: World) -> None:
    """These would go to whoever is named as their sender: a connection he has to accept."""
    ping(world, NODE, STRANGER)
    world.service.datagram(build("TERMINATED", {"ip_addr": NODE, "port": 1, "sign": SIGN}), NODE)
    settle()
    assert world.sent == [((NODE, 51348), secrets.STRANGER)] and not world.datagrams


def settle() -> None:
    """Let all greenlets have some turns."""
    for _ in range(20):
        gevent.sleep(0)


def ping(world: World, address: str, source: str) -> None:
    body = {"ip_addr": address, "port": 51348, "sign": SIGN, "version": "4.15.2"}
    world.service.datagram(build("PING", body), source)


@pytest.mark.parametrize("sign", ["sign", "client_sign"])
def test_our_own_signs_are_no_nodes(world: World, sign: str) -> None:
    own = getattr(world.identity, sign)
    body = {"ip_addr": STRANGER, "port": 1, "sign": own, "version": "4.15.2"}
    with pytest.raises(PeerError, match="not a node's own"):
        world.serve(build("PING", body), STRANGER)


def test_codes_of_nodes_are_not_those_of_clients() -> None:
    """Not even where both have the same secret, or none."""
    for secret in ("", "same"):
        identity = Identity(node_secret=secret, cluster_secret=secret, announced=("192.0.2.1",))
        assert identity.pong_code != identity.client_code
        again = Identity(secret, secret, ("192.0.2.1",), sign=identity.sign)
        assert again.client_code == identity.client_code  # clients go on after a restart


@pytest.mark.parametrize("name", ["TERMINATED", "NODE_CPUS"])
def test_goodbyes_come_from_the_node(world: World, name: str) -> None:
    """Its sign is no secret: nodes tell it to whoever asks."""
    world.pong()
    body = {"ip_addr": NODE, "port": 51348, "sign": SIGN, "cpus": 0}
    with pytest.raises(PeerError, match="in the name of node"):
        world.serve(build(name, body), STRANGER)
    node = world.scheduler.nodes[NODE]
    assert node.state is NodeState.UP and node.total == 2
    with pytest.raises(PeerError, match="wrong sign"):
        world.serve(build(name, body | {"sign": "6" * 40}), NODE)
    world.serve(build(name, body), NODE)
    assert node.state is NodeState.LOST or node.total == 0


@pytest.mark.parametrize("cpus", [-5, -(1 << 2000), 1 << 2000])
def test_cpus_that_cannot_be(world: World, cpus: int) -> None:
    """Also of a node itself."""
    world.pong()
    body = {"ip_addr": NODE, "port": 51348, "sign": SIGN, "cpus": cpus}
    world.serve(build("NODE_CPUS", body), NODE)
    assert 0 <= world.scheduler.nodes[NODE].total <= nodes.MOST_CPUS


def test_goodbyes_by_datagram_too(world: World) -> None:
    world.pong()
    body = {"ip_addr": NODE, "port": 51348, "sign": SIGN}
    with pytest.raises(PeerError, match="in the name of node"):
        world.service.datagram(build("TERMINATED", body), STRANGER)
    world.service.datagram(build("TERMINATED", body), NODE)
    assert world.scheduler.nodes[NODE].state is NodeState.LOST


def test_pulses_come_from_the_node(world: World) -> None:
    """By way of its gateway, if there is one; all of a host look the same to that host."""
    world.pong(GATEWAY)
    pulse = build("PULSE", {"ip_addr": NODE, "cpus": 0})
    with pytest.raises(PeerError, match="in the name of node"):
        world.serve(pulse, STRANGER)
    assert world.serve(pulse, GATEWAY) == world.serve(pulse, NODE) == [b"PULSE"]
    world.pong("127.0.0.1", ip_addr="127.0.0.2", sign="6" * 40)
    assert world.serve(build("PULSE", {"ip_addr": "127.0.0.2", "cpus": 0}), "127.0.0.3")


def test_only_the_node_says_that_it_serves_nobody(world: World, monkeypatch: Any) -> None:
    """Its jobs would be taken for lost."""
    world.pong()
    emptied: list[str] = []
    monkeypatch.setattr(world.scheduler, "node_emptied", lambda one, _: emptied.append(one) or [])
    ping = build("PING", {"ip_addr": NODE, "port": 51348, "sign": SIGN, "version": "4.15.2"})
    for hear in (world.serve, world.service.datagram):
        with pytest.raises(PeerError, match="in the name of node"):
            hear(ping, STRANGER)
        assert not emptied
    world.serve(ping, NODE)
    assert emptied == [NODE]


def test_nobody_takes_the_place_of_a_node_that_is_there(world: World) -> None:
    world.pong()
    with pytest.raises(PeerError, match="elsewhere"):
        world.pong(STRANGER, sign="6" * 40)
    assert world.scheduler.nodes[NODE].identity == SIGN
    world.pong(NODE, sign="6" * 40)  # it was started anew
    assert world.scheduler.nodes[NODE].identity == "6" * 40


@pytest.mark.parametrize(
    "other",
    [
        {"ip_addr": "somewhere.example.org"},
        {"ip_addr": "../../etc"},
        {"ip_addr": "192.0.2.7\nINFO a line of mine"},
        {"scheduler_ip_addr": "a name"},
        {"port": 0},
        {"port": 65536},
        {"cpus": -1},
        {"cpus": 1 << 2000},
        {"sign": "5" * 5000},
        {"auth": b"x" * 40},
    ],
    ids=str,
)
def test_what_is_no_node(world: World, other: dict[str, Any]) -> None:
    """Such numbers and texts would go into sums, file names, logs and messages to others."""
    with pytest.raises(PeerError):
        world.pong(**other)
    assert not world.scheduler.nodes


@pytest.mark.parametrize("sign", ["sign", "client_sign"])
def test_nodes_do_not_bear_our_signs(world: World, sign: str) -> None:
    """They would be told the code for it: with equal secrets, that of clients."""
    with pytest.raises(PeerError, match="a sign that is ours"):
        world.pong(sign=getattr(world.identity, sign))
    assert not world.scheduler.nodes


def test_relays_know_the_secret(world: World) -> None:
    """Or have not been asked for it, as those that come by themselves."""
    body = {"version": "4.15.2", "scheduler_ip_addr": None, "auth": b"x" * 40}
    with pytest.raises(PeerError, match="relay with another secret"):
        world.serve(build("RELAY_INFO", body), STRANGER)
    for auth in (None, world.identity.pong_code):
        assert world.serve(build("RELAY_INFO", body | {"auth": auth}), STRANGER)


def test_nodes_do_not_bear_the_sign_of_another(world: World) -> None:
    """They would be told the code that opens the other, which shows its sign to whoever asks."""
    world.pong()
    with pytest.raises(PeerError, match="the sign of node 192"):
        world.pong(STRANGER, ip_addr=STRANGER)
    world.pong(NODE, ip_addr="192.0.2.8")  # it has two addresses
    world.exchange.tell(world.scheduler.node_lost, NODE, "gone")
    world.exchange.tell(world.scheduler.node_lost, "192.0.2.8", "gone")
    world.pong(STRANGER, ip_addr=STRANGER)  # it has moved
    assert STRANGER in world.scheduler.nodes


def test_signs_of_an_earlier_run_are_known(world: World) -> None:
    world.pong()
    again = Signs(world.scheduler.nodes)
    again.restore()
    with pytest.raises(PeerError, match="the sign of node"):
        again.check(SIGN, STRANGER, STRANGER)


def test_signs_are_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes have a new one each time that they start."""
    monkeypatch.setattr("gsched.net.nodes.signs._SPARE", 5)
    for number in range(100):
        world.pong(sign=f"{number:040x}")
    assert len(world.service.signs._addresses) <= 7


class Running:
    """A job at a node."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.pong()
        family = world.scheduler.nodes[NODE].family
        wanted = [Allocation("*")]
        spec = SimpleNamespace(source="192.0.2.9", account=None)
        opening = Opening(
            name="c", client="192.0.2.9", spec=spec, family=family, allocations=wanted
        )
        core, tell = world.scheduler, world.exchange.tell
        for effect in (SetUp, SendJob, TellNode, TellScheduled, TellStarted):
            world.exchange.perform(effect, lambda _: None)
        for effect in (SendResult, SendProvisional):
            world.exchange.perform(effect, self._told)
        self.told: list[Any] = []
        cluster = core.cluster_opened(opening, 1000.0)
        tell(core.cluster_scheduled, cluster)
        tell(core.cluster_started, cluster)
        tell(core.lease_ready, cluster.leases[NODE], 2)
        record = Job(
            uid=None, hash="right", compute_id=1, _args=b"", _kwargs=b"", xfer_files=[], code=""
        )
        self.job = core.offered(cluster, None, Message(record, []), 1000.0)
        tell(core.accepted, self.job.uid)

    def _told(self, effect: Any) -> None:
        self.told.append(effect)


def reply(job: Any, **other: Any) -> bytes:
    fields = {"uid": job.uid, "hash": "right", "ip_addr": NODE, "status": 11, "result": b""}
    times = {"start_time": 1000.0, "end_time": 1001.0}
    return build("JOB_REPLY", JobReply(**fields | times | other))


def limited(world: World, most: int) -> Running:
    """A job of a client that may take so many bytes."""
    running = Running(world)
    account = Tenants(9, 9, most, 9).open("192.0.2.9", 0)
    running.job.cluster.spec.account = account
    running.job.message.charge(account)
    return running


def test_a_result_for_which_there_is_no_room_is_left_out(world: World) -> None:
    """Its client is told so. Else clients that take no results would take all of our memory."""
    running = limited(world, 50_000)
    large = {"result": b"x" * 20_000, "stdout": "y" * 20_000, "stderr": "z" * 20_000}
    assert world.serve(reply(running.job, **large), NODE) == [b"ACK"]
    assert running.job.reply.result == NONE_PICKLED and running.job.end is End.TERMINATED
    assert "is not kept: 192.0.2.9 has" in running.job.reply.exception
    assert running.job.reply.status == TERMINATED and not running.job.reply.stdout


def test_a_result_takes_the_place_of_the_arguments(world: World) -> None:
    running = limited(world, 50_000)
    assert world.serve(reply(running.job, result=b"x" * 49_000), NODE) == [b"ACK"]
    assert running.job.end is End.FINISHED


def test_provisional_results_wait_for_room(world: World) -> None:
    """A node that is not answered tells its job so."""
    running = limited(world, 50_000)
    small, large = {"result": b"x" * 20_000}, {"result": b"x" * 60_000}
    assert world.serve(reply(running.job, status=7, **large), NODE) == []
    assert world.serve(reply(running.job, status=7, **small), NODE) == [b"ACK"]
    assert len(running.told) == 1


@pytest.mark.parametrize("status", [11, 7], ids=["last", "provisional"])
def test_who_knows_a_uid_knows_nothing(world: World, status: int) -> None:
    """Uids are counted, so all of them are known: without the hash they open nothing."""
    running = Running(world)
    for hash_ in ("", "wrong", "right" * 9):
        for source in (STRANGER, NODE):
            with pytest.raises(PeerError, match="wrong hash"):
                world.serve(reply(running.job, hash=hash_, status=status), source)
    assert not running.told and running.job.state in AT_NODE


@pytest.mark.parametrize("status", [11, 7], ids=["last", "provisional"])
def test_replies_come_from_the_node_that_has_the_job(world: World, status: int) -> None:
    """Even if somebody else has learnt the hash."""
    running = Running(world)
    with pytest.raises(PeerError, match="in the name of another"):
        world.serve(reply(running.job, status=status), STRANGER)
    world.pong(STRANGER, ip_addr=STRANGER, sign="6" * 40)
    assert world.serve(reply(running.job, ip_addr=STRANGER, status=status), STRANGER) == [b"ACK"]
    assert not running.told and running.job.state in AT_NODE
    assert world.serve(reply(running.job, status=status), NODE) == [b"ACK"]
    assert len(running.told) == 1


def test_long_names_are_cut(world: World) -> None:
    world.pong(name="n" * 1_000)
    assert world.scheduler.nodes[NODE].name == "n" * 255


@pytest.mark.parametrize("number", NO_NUMBERS, ids=lambda one: str(one)[:5])
@pytest.mark.parametrize("field", ["cpu", "memory", "disk", "swap"])
def test_what_nodes_have_to_spare_is_a_number(world: World, field: str, number: float) -> None:
    """Else the page could not be written any more."""

    world.pong()
    info = AvailInfo(**{"cpu": 1.0, "memory": 1, "disk": 1, "swap": 1.0} | {field: number})
    with pytest.raises(PeerError, match="beyond all measure"):
        world.serve(build("PULSE", {"ip_addr": NODE, "cpus": 0, "avail_info": info}), NODE)


@pytest.mark.parametrize("number", NO_NUMBERS, ids=lambda one: str(one)[:5])
@pytest.mark.parametrize("field", ["start_time", "end_time"])
def test_times_of_jobs_are_numbers(world: World, field: str, number: float) -> None:

    reply = JobReply(uid=1, hash="h", ip_addr=NODE, status=11, result=b"", **{field: number})
    with pytest.raises(PeerError, match="beyond all measure"):
        world.serve(build("JOB_REPLY", reply), NODE)


def test_replies_for_jobs_that_nobody_knows_are_acknowledged_and_counted(world: World) -> None:
    """Of an earlier run, or over: their node would go on sending them."""
    reply = JobReply(uid=7, hash="h", ip_addr=NODE, status=11, result=b"")
    for _ in range(2):
        assert world.serve(build("JOB_REPLY", reply), NODE) == [b"ACK"]
    assert world.scheduler.book.strays == 2
