"""What a client learns of what its node has to spare, before and after a job."""

from typing import Any

from common import ARGUMENTS, cluster, run, wait_for_file, wait_until


def work():
    import time

    time.sleep(0.1)


def program() -> dict[str, Any]:
    works = cluster(work)

    def spare() -> dict[str, Any] | None:
        found = [vars(x.avail_info) for x in works.status().nodes if x.avail_info]
        return found[0] if found else None

    wait_until(spare)
    first = dict(spare())
    open(ARGUMENTS["seen"], "w").close()
    wait_for_file(ARGUMENTS["gate"])
    works.submit()()
    wait_until(lambda: spare() != first)
    second = dict(spare())
    works.close()
    return {"first": first, "second": second}


if __name__ == "__main__":
    run(program)
