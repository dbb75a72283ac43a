"""A made-up client: one computation, and jobs that are submitted and waited for."""

import threading
import time
from typing import Any

from gsched.selftest.node import VERSION
from gsched.selftest.peer import ACK, CODELESS, HERE, PATIENCE, Listening, ask
from gsched.wire import pickles, secrets
from gsched.wire.records import Compute, Job

STRANGER = b"c" * 40  # a client's own code, which says nothing to the scheduler
NOTHING = pickles.dumps(()), pickles.dumps({})  # arguments


class Client:
    """Says what a SharedJobCluster says. Raises OSError where nobody answers."""

    def __init__(self, port: int) -> None:
        self._scheduler = (HERE, port)
        self._ended: dict[str, threading.Event] = {}  # by hash
        self._turn = threading.Event()
        self._listening = Listening(self._answer, CODELESS)
        about = {"version": VERSION, "ip_addr": None, "scheduler_ip_addr": HERE}
        said = pickles.loads(ask(self._scheduler, "CLIENT", about, STRANGER))
        self._code = secrets.code("", said["sign"])
        nodes: dict[str, Any] = {
            "host": "*",
            "port": None,
            "cpus": 0,
            "depends": [],
            "setup_args": (),
        }
        body = {"compute": self._compute(), "node_allocs": [nodes], "exclusive": False}
        found = pickles.loads(ask(self._scheduler, "COMPUTE", body, self._code))
        self._known = {"compute_id": found["compute_id"], "auth": found["auth"]}
        ask(self._scheduler, "SCHEDULE", self._known, self._code)
        self._turn.wait(PATIENCE)

    def run(self, number: int) -> float:
        """One job from its submission to its result. Seconds that it took."""
        hash_, began = f"{number:x}f", time.monotonic()
        ended = self._ended[hash_] = threading.Event()
        args, kwargs = NOTHING
        job = Job(
            uid=None,
            hash=hash_,
            compute_id=self._known["compute_id"],
            _args=args,
            _kwargs=kwargs,
            xfer_files=[],
            code="",
        )
        body = {"node": None, "job": job, "auth": self._known["auth"]}
        ask(self._scheduler, "JOB", body, self._code, then=ACK)
        if not ended.wait(PATIENCE):
            raise TimeoutError(f"no result after {PATIENCE:.0f} s")
        del self._ended[hash_]
        return time.monotonic() - began

    def close(self) -> None:
        """Give the computation up."""
        ask(self._scheduler, "CLOSE", self._known | {"terminate_pending": True}, self._code)
        self._listening.close()

    def _answer(self, name: str, body: Any) -> bytes:
        if name == "SCHEDULED":
            self._turn.set()
        elif name == "JOB_REPLY":
            self._ended[body.hash].set()
        return ACK if name in ("SCHEDULED", "JOB_REPLY") else b""

    def _compute(self) -> Compute:
        port = self._listening.port
        return Compute(
            type=1,
            name="selftest",
            id=None,
            code="def selftest(): pass",
            dest_path=None,
            xfer_files=[],
            reentrant=True,
            exclusive=False,
            setup=None,
            cleanup=True,
            setup_args_count=0,
            scheduler_ip_addr=HERE,
            scheduler_port=port,
            node_ip_addr=None,
            auth=secrets.new_sign(),
            job_result_port=port,
            pulse_interval=None,
            client_reply_addr=(HERE, port),
        )
