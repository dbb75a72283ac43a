"""Setup and cleanup functions, with an object among their arguments."""

from typing import Any

from common import ARGUMENTS, all_told, cluster, run
from dispy import NodeAllocate
from units import Scale


class Own:
    """Of this very file, where no node can find it."""

    factor = 1


def setup(scale, folder):
    global factor
    import os

    factor = scale.factor
    if factor == "none":
        return None
    if factor == "raise":
        raise ValueError("no such factor")
    if factor == "slow":
        import time

        time.sleep(60)
    open(os.path.join(folder, f"set-up-{dispy_node_ip_addr}"), "w").close()  # noqa: F821
    return 0


def cleanup(scale, folder):
    import os

    with open(os.path.join(folder, f"clean-{dispy_node_ip_addr}"), "w") as file:  # noqa: F821
        file.write(f"{factor} {scale.factor}")


def multiply(n):
    import time

    time.sleep(0.1)
    return n * factor


def program() -> dict[str, Any]:
    scale = Own() if ARGUMENTS["factor"] == "own" else Scale(ARGUMENTS["factor"])
    nodes = [NodeAllocate("*", setup_args=(scale, ARGUMENTS["folder"]))]
    products = cluster(multiply, nodes=nodes, setup=setup, cleanup=cleanup, depends=[])
    jobs = [products.submit(n) for n in range(8)]
    outcomes = all_told(jobs)
    products.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
