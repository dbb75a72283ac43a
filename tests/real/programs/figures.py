"""What status() and print_status() show of nodes, jobs and bytes, at several times."""

import contextlib
import io
from pathlib import Path
from typing import Any

from common import ARGUMENTS, cluster, run, wait_until

SET_UP, JOB, FILE, ARGUMENT, RESULT = 300_000, 200_000, 100_000, 50_000, 30_000  # bytes


def work(data, seconds, gate):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    time.sleep(seconds)
    if not data:
        raise ValueError("no data")
    return b"x" * 30_000


def shown(works: Any) -> dict[str, Any]:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        works.print_status()
    status = works.status()
    nodes = [vars(x) | {"avail_info": bool(x.avail_info)} for x in status.nodes if x.name]
    return {"nodes": nodes, "pending": status.jobs_pending, "text": text.getvalue()}


def program() -> dict[str, Any]:
    node = ARGUMENTS["node"]
    for name, size in {"set_up": SET_UP, "job": JOB, "file": FILE}.items():
        Path(name).write_bytes(name[:1].encode() * size)
    works = cluster(work, depends=["set_up"])
    wait_until(lambda: shown(works)["nodes"])
    found = {"set up": shown(works)}
    data, gate = b"d" * ARGUMENT, ARGUMENTS["gate"]
    jobs = [works.submit(data, 0.1, gate), works.submit(data, 0.1, "")]
    jobs.append(works.submit(b"", 0.1, "", dispy_job_depends=["job"]))
    wait_until(lambda: shown(works)["nodes"][0]["busy"] == 1)
    found["busy"] = shown(works)
    found["send_file"] = works.send_file("file", node, relay=True)
    Path(gate).touch()
    works.wait()
    found["done"] = settled(works, jobs=3, sent=SET_UP + JOB + FILE + 2 * ARGUMENT)
    found["closed"] = works.close_node(node)
    wait_until(lambda: shown(works)["nodes"][0]["cpus"] == 0)
    found["without"] = shown(works)
    found["again"] = works.allocate_node(node)
    works.submit(data, 0.1, "")()
    found["with"] = settled(works, jobs=4, sent=2 * SET_UP + JOB + FILE + 3 * ARGUMENT)
    for _ in range(20):
        works.submit(data, 0.02, "")
    works.wait()
    sent = 2 * SET_UP + JOB + FILE + 23 * ARGUMENT
    found["short"] = settled(works, jobs=24, sent=sent)
    works.close()
    return found


def settled(works: Any, jobs: int, sent: int) -> dict[str, Any]:
    """What is shown when all of that has been counted: bytes are told some moments later."""

    def counted() -> bool:
        [node] = shown(works)["nodes"]
        return node["jobs_done"] == jobs and node["tx"] >= sent

    wait_until(counted)
    return shown(works)


if __name__ == "__main__":
    run(program)
