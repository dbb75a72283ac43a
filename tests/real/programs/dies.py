"""Jobs whose processes end without a word, and one that comes after them."""

from typing import Any

from common import all_told, cluster, run


def die(how):
    import os
    import signal
    import time

    time.sleep(0.2)
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return how


def program() -> dict[str, Any]:
    dies = cluster(die)
    outcomes = all_told([dies.submit(how) for how in ("exit", "kill", "no")])
    dies.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
