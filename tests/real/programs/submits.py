"""All ways to submit a job, and what each job is given."""

from typing import Any

from common import ARGUMENTS, cluster, run, told, wait_until


def work(*numbers, **named):
    import time

    time.sleep(0.05)
    return [sum(numbers), named, dispy_node_ip_addr]  # noqa: F821 - of dispynode


def program() -> dict[str, Any]:
    first, second = ARGUMENTS["nodes"]
    works = cluster(work)
    wait_until(lambda: len([x for x in works.status().nodes if x.cpus]) == 2)
    known = next(x for x in works.status().nodes if x.ip_addr == second)
    jobs = {
        "submit": works.submit(1, 2, word="a"),
        "submit_job_id": works.submit_job_id("mine", 3, word="b"),
        "submit_node": works.submit_node(second, 4, word="c"),
        "submit_node known": works.submit_node(known, 5),
        "submit_job_id_node": works.submit_job_id_node("yours", first, 6, word="d"),
    }
    found = {name: [job(), job.id, told(job)["status"]] for name, job in jobs.items()}
    found["nowhere"] = repr(works.submit_node("192.0.2.7", 1))
    works.close()
    return found


if __name__ == "__main__":
    run(program)
