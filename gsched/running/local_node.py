"""A real dispynode on this host, run as a child, watched and restarted."""

import importlib.util
import json
import logging
import os
import signal
import sys

import gevent
from gevent import subprocess

from gsched.net.transport.greenlets import Greenlets
from gsched.net.transport.mistakes import Mistake
from gsched.options.option import PREFIX
from gsched.options.settings import Settings

log = logging.getLogger("gsched.local_node")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before it is started again, doubling
LONG_ENOUGH = 60.0  # seconds after which a run counts as a good one
NO_TLS = (3, 12)  # Python that lacks what dispy makes TLS connections with
STOP_TIMEOUT = 4.0  # seconds; its jobs are gone by then, and some dispynodes never end


class LocalNode:
    """See the module's text. It is to listen at `address`. Raises Mistake."""

    def __init__(self, settings: Settings, address: str) -> None:
        if importlib.util.find_spec("dispy") is None:
            raise Mistake(
                "--local_node needs dispy, which is not installed: pip install 'gsched[node]'"
            )
        if settings.node_certfile and sys.version_info >= NO_TLS:
            raise Mistake(
                "--local_node with --node_certfile: the TLS of dispynode needs Python 3.11 or older"
            )
        directory = settings.dest_path_prefix
        self._arguments = ["--daemon", "--clean", "-i", address, *_arguments(settings)]
        self._arguments += ["--dest_path_prefix", str(directory / "node")]
        self._output = directory / "node.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._greenlets = Greenlets()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it, and again whenever it ends."""
        self._greenlets.spawn("local node", self._watch)

    def stop(self) -> None:
        """Stop it, by force if it takes too long."""
        self._greenlets.kill()
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            log.info("the local node does not stop by itself; it is killed")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _watch(self) -> None:
        pause = FIRST_PAUSE
        while True:
            seconds = self._run()
            pause = FIRST_PAUSE if seconds > LONG_ENOUGH else min(2 * pause, LONGEST_PAUSE)
            code = self._process.returncode if self._process else None
            log.error(
                "the local node ended (%s), see %s; again in %.0f s", code, self._output, pause
            )
            gevent.sleep(pause)

    def _run(self) -> float:
        """Seconds that it ran."""
        begin = gevent.get_hub().loop.now()
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gsched.running.node_process"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,  # an interrupt at the terminal is for us, not for it
            )
        self._process.stdin.write(json.dumps(self._arguments).encode())
        self._process.stdin.close()
        log.info("the local node runs as process %s", self._process.pid)
        self._process.wait()
        return float(gevent.get_hub().loop.now() - begin)


def _environment() -> dict[str, str]:
    """Ours without our options: jobs read what their node has, and these may hold secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _arguments(settings: Settings) -> list[str]:
    """What the node has to know of our options. It listens one port above the one it is told."""
    wanted = {
        "dispy_port": settings.node_port - 1,
        "cpus": settings.local_node,  # 0: all
        "secret": settings.node_secret,  # may begin with a dash
        "certfile": settings.node_certfile,
        "keyfile": settings.node_keyfile,
    }
    given = [f"--{name}={value}" for name, value in wanted.items() if value]
    return given + ["--ipv4_udp_multicast"] * settings.ipv4_udp_multicast
