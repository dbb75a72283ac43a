"""A made-up node: its jobs end as soon as they are there."""

import threading
import time
from typing import Any

from gsched.selftest.peer import ACK, CODED, HERE, Listening, ask
from gsched.wire import pickles, secrets
from gsched.wire.records import FINISHED, JobReply

VERSION = "4.15.2"
NONE_AT_ALL = pickles.dumps(None)  # as a result


class Node:
    """Says what a dispynode says that has so many CPUs."""

    def __init__(self, cpus: int) -> None:
        self._cpus = cpus
        self._sign = secrets.new_sign()
        self._scheduler = (HERE, 0)  # as it has said
        self._listening = Listening(self._answer, CODED)
        self.port = self._listening.port

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()

    def _answer(self, name: str, body: Any) -> bytes:
        if name == "PING":
            self._scheduler = (HERE, body["port"])
            self._soon(self._introduce, body["sign"])
        elif name == "NODE_INFO":
            return self._sign.encode()
        elif name == "COMPUTE":
            self._scheduler = (HERE, body.scheduler_port)
            return pickles.dumps(self._cpus)
        elif name == "JOB":
            self._soon(self._end, body)
            return ACK
        elif name in ("SETUP", "CLOSE"):
            return ACK
        return b""

    def _introduce(self, sign: str) -> None:
        body = {"port": self.port, "sign": self._sign, "version": VERSION, "ip_addr": HERE}
        body |= {"name": "selftest", "cpus": self._cpus, "platform": "", "avail_info": None}
        body |= {"auth": secrets.code("", sign), "scheduler_ip_addr": HERE}
        ask(self._scheduler, "PONG", body)

    def _end(self, job: Any) -> None:
        reply = JobReply(
            uid=job.uid,
            hash=job.hash,
            ip_addr=HERE,
            status=FINISHED,
            result=NONE_AT_ALL,
            start_time=time.time(),
            end_time=time.time(),
        )
        ask(self._scheduler, "JOB_REPLY", reply)

    def _soon(self, call: Any, *arguments: Any) -> None:
        threading.Thread(target=call, args=arguments, daemon=True).start()
