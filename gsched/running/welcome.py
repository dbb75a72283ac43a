"""What a new user is told: where gsched listens, and a program that uses it."""

import sys
from collections.abc import Iterable

from gevent import socket

from gsched.net.transport.addresses import Own, is_loopback
from gsched.net.transport.resolver import resolve

_PROGRAM = """\
import dispy, time
def compute(n): time.sleep(0.5); return n * n
# a second program on this host at the same time: add client_port=9710, or any other free one
cluster = dispy.SharedJobCluster(compute, {where})
print([job() for job in [cluster.submit(n) for n in range(10)]])
cluster.close()"""


def client_program(own: Own) -> str:
    """A short one that runs ten jobs. To be saved to a file: dispy reads its source."""
    where = f'scheduler_host="{own.use}"'
    if is_loopback(own.use) or is_loopback(resolve(socket.gethostname())):
        where += f', ip_addr="{own.use}"'  # dispy finds no address by itself then, and fails
    return _PROGRAM.format(where=where)


def node_command() -> str:
    """What starts a node on another host of the network."""
    return "pip install dispy\ndispynode.py --daemon"


def greeting(version: str, listens: Iterable[str], program: str) -> str:
    """What is printed once, when the server is ready."""
    places = "\n".join(f"  {place}" for place in listens)
    return (
        f"gsched {version} is ready\n{places}\n\n"
        "Try it: paste this into a shell on this host\n\n"
        f"cat > gsched_client.py <<'END'\n{program}\nEND\n"
        f"{sys.executable} gsched_client.py\n"
    )
