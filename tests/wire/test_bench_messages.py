"""The bench's fake peers say what real ones were heard to say, byte for byte."""

import os
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from bench import messages, pickles
from bench.messages import HASH, UID, JobTemplate, ReplyTemplate
from goldens import GOLDENS, Golden

ALL = {f"{one.way}.{one.message}.{one.variant}": one for one in GOLDENS if one.release == "4.15.2"}


def golden(name: str) -> Golden:
    return ALL[name if name.count(".") == 2 else f"{name}."]


def heard(one: Golden) -> bytes:
    """What the real peer sent, without the code in front of it."""
    return one.sent.removeprefix(one.expected["code"] or b"")


def only_message(one: Golden) -> bytes:
    """The first message with its length."""
    return messages.frame(one.payload)


def test_client() -> None:
    one = golden("client-scheduler.CLIENT")
    body = one.expected["body"]
    assert messages.client(body["ip_addr"], body["scheduler_ip_addr"]) == heard(one)


def test_compute() -> None:
    one = golden("client-scheduler.COMPUTE")
    record, hosts = one.expected["body"]["compute"], one.expected["body"]["node_allocs"]
    address, port = record["client_reply_addr"]
    names = [host["host"] for host in hosts]
    made = messages.compute(address, port, record["auth"], [], names, record["code"])
    assert made == heard(one)


@pytest.mark.parametrize("name", ["SCHEDULE", "CLOSE"])
def test_schedule_and_close(name: str) -> None:
    one = golden(f"client-scheduler.{name}")
    body = one.expected["body"]
    make = getattr(messages, name.lower())
    assert make(body["compute_id"], body["auth"]) == heard(one)


def test_client_pulse() -> None:
    one = golden("client-scheduler.PULSE")
    body = one.expected["body"]
    assert messages.client_pulse(body["client_ip_addr"], body["client_port"]) == heard(one)


def test_job() -> None:
    one = golden("client-scheduler.JOB")
    body = one.expected["body"]
    job = body["job"]
    made = messages.job(job["compute_id"], body["auth"], job["hash"], job["_args"], job["_kwargs"])
    assert made + messages.ACK == heard(one)


def test_job_template() -> None:
    template = JobTemplate(123, "a" * 40, (1, "x"))
    made = messages.job(123, "a" * 40, "f" * 20, template.args, template.kwargs)
    assert template.fill(b"f" * 20) == made


def test_file() -> None:
    one = golden("client-scheduler.FILEXFER")
    body: dict[str, Any] = one.expected["body"]
    stat = body["stat_buf"]
    more = {key: value for key, value in stat.items() if key not in ("@", "fields")}
    made = messages.file(body["name"], 0, body["compute_id"])
    made.fields["stat_buf"] = os.stat_result(stat["fields"], more)
    assert messages.message("FILEXFER", made) == only_message(one)


def test_node_ping() -> None:
    one = golden("node-scheduler.PING")
    body = one.expected["body"]
    node = SimpleNamespace(port=body["port"], sign=body["sign"], address=body["ip_addr"])
    assert messages.node_ping(node, body["scheduler_ip_addr"]) == heard(one)


def test_pong() -> None:
    one = golden("node-scheduler.PONG")
    body = one.expected["body"]
    node = SimpleNamespace(
        port=body["port"],
        sign=body["sign"],
        name=body["name"],
        cpus=body["cpus"],
        address=body["ip_addr"],
    )
    made = messages.pong(node, body["auth"], body["scheduler_ip_addr"])
    assert _without_avail(made) == _without_avail(heard(one))


def test_node_pulse() -> None:
    one = golden("node-scheduler.PULSE")
    body = one.expected["body"]
    made = messages.node_pulse(
        body["ip_addr"], body["port"], body["cpus"], body["scheduler_ip_addr"]
    )
    assert _without_avail(made) == _without_avail(heard(one))


def test_job_reply() -> None:
    one = golden("node-scheduler.JOB_REPLY")
    body = one.expected["body"]
    times = body["start_time"], body["end_time"]
    made = messages.job_reply(
        body["uid"], body["hash"], body["ip_addr"], body["result"], *times, body["stdout"]
    )
    assert made == heard(one)


@pytest.mark.parametrize("uid", [7, 300, 1 << 20, 1 << 33, 1 << 44, 1 << 50, (1 << 62) + 1])
def test_reply_template(uid: int) -> None:
    """Whatever kind of number a scheduler uses."""
    template = ReplyTemplate("127.0.0.9", 1000.5)
    made = messages.job_reply(
        uid, "e" * 20, "127.0.0.9", pickle.dumps(None, 5), 1000.5, 1000.5 + 0.02
    )
    assert template.fill(messages.number(uid), b"e" * 20) == made


def test_uid_and_hash_are_found() -> None:
    one = golden("scheduler-node.JOB")
    uid, digest = UID.search(one.payload), HASH.search(one.payload)
    assert uid and pickle.loads(b"\x80\x04" + uid[1] + b".") == one.expected["body"]["uid"]
    assert digest and digest[1].decode() == one.expected["body"]["hash"]


def test_things_are_read() -> None:
    record = pickles.loads(golden("scheduler-node.COMPUTE").pickle)
    assert record["id"] == golden("scheduler-node.COMPUTE").expected["body"]["id"]


def _without_avail(data: bytes) -> bytes:
    """With the numbers of what the node has to spare taken out, which differ each time."""
    body = pickles.loads(data.partition(b":")[2])
    floats = body["avail_info"].fields
    for value in floats.values():
        data = data.replace(messages.number(value), b"<number>")
    return data
