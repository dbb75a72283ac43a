"""Messages from templates are what the encoder would write, but for repeated texts."""

import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsched.wire import templates
from gsched.wire.filestat import StatResult
from gsched.wire.messages import build
from gsched.wire.pickles import loads
from gsched.wire.records import RUNNING, Job, JobReply, XferFile

NUMBERS = st.integers(-(1 << 100), 1 << 100)
TIMES = st.integers(0, 1 << 40) | st.floats(allow_nan=False)
SHORT = st.text(max_size=15)  # the encoder gives a number to what has more than 63 bytes
MAYBE = st.none() | SHORT | st.binary(max_size=30)


def job(**changes: Any) -> Job:
    fields = {
        "uid": 1,
        "hash": "h",
        "compute_id": 2,
        "_args": b"a",
        "_kwargs": b"k",
        "xfer_files": [],
        "code": "",
    }
    return Job(**(fields | changes))


def reply(**changes: Any) -> JobReply:
    fields: dict[str, Any] = {
        "uid": 1,
        "hash": "h",
        "ip_addr": "10.0.0.1",
        "status": 11,
        "result": b"r",
    }
    return JobReply(**(fields | {"extra": {"cpus": 3}} | changes))


@given(uid=NUMBERS, hash_=SHORT, id_=NUMBERS, args=st.binary(max_size=60), code=SHORT)
def test_jobs(uid: int, hash_: str, id_: int, args: bytes, code: str) -> None:
    one = job(uid=uid, hash=hash_, compute_id=id_, _args=args, code=code)
    assert templates.job(one) == build("JOB", one)


@given(
    result=st.none() | st.binary(max_size=60),
    outputs=st.tuples(MAYBE, MAYBE, MAYBE),
    times=st.tuples(TIMES, TIMES),
)
def test_replies(result: bytes | None, outputs: tuple[Any, ...], times: tuple[Any, ...]) -> None:
    stdout, stderr, exception = outputs
    one = reply(result=result, stdout=stdout, stderr=stderr, exception=exception)
    one.start_time, one.end_time = times
    assert templates.job_reply(one) == build("JOB_REPLY", one)


@given(outputs=st.tuples(MAYBE, MAYBE, MAYBE), cpus=st.sampled_from([{}, {"cpus": 3}]))
def test_replies_that_are_kept(outputs: tuple[Any, ...], cpus: dict[str, int]) -> None:
    stdout, stderr, exception = outputs
    one = reply(stdout=stdout, stderr=stderr, exception=exception, extra=cpus)
    assert loads(templates.kept_reply(one)) == replace(one, extra={})
    newer = replace(one, extra=cpus | {"new": 2})
    assert loads(templates.kept_reply(newer)) == newer


@given(uid=NUMBERS, node=SHORT, hash_=SHORT, start_time=TIMES)
def test_statuses(uid: int, node: str, hash_: str, start_time: float) -> None:
    body = {"uid": uid, "status": RUNNING, "node": node, "hash": hash_, "start_time": start_time}
    assert templates.job_status(uid, node, hash_, start_time) == build("JOB_STATUS", body)


def test_large_values_that_are_the_same_object_are_written_each() -> None:
    text = "x" * 1000
    one = reply(stdout=text, stderr=text, exception=text, result=text.encode())
    there = loads(templates.job_reply(one).partition(b":")[2])
    assert (there.stdout, there.stderr, there.exception) == (text, text, text)


def test_what_has_more_goes_through_the_encoder() -> None:
    stat = StatResult((0,) * 10, {})
    file = XferFile(name="n", dest_path="", compute_id=1, stat_buf=stat, sep="/")
    for one in (job(xfer_files=[file]), job(extra={"node": None})):
        assert templates.job(one) == build("JOB", one)
    for two in (reply(extra={}), reply(extra={"cpus": 1, "new": 2})):
        assert templates.job_reply(two) == build("JOB_REPLY", two)


@pytest.mark.parametrize("message", [templates.job_status(1, "n", "h", 2.0)])
def test_any_python_reads_them(message: bytes) -> None:
    tag, _, data = message.partition(b":")
    assert tag == b"JOB_STATUS"
    found = {"uid": 1, "status": RUNNING, "node": "n", "hash": "h", "start_time": 2.0}
    assert pickle.loads(data) == found
