"""What tests in a browser share: the played site, what the browser complains of, what is shown."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30  # seconds until a wait counts as failed


class Site:
    """The page's process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start(0)

    def start(self, port: int) -> None:
        """Start it at `port` and wait until it listens."""
        with (self.folder / "stderr").open("ab") as stderr:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).with_name("played_site.py")),
                    str(port),
                    self.log,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        self.url = self._answer()

    @property
    def log(self) -> str:
        return str(self.folder / "log")

    def run(self, code: str) -> Any:
        """Run Python there, which sees `play`; what it has set `answer` to."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(textwrap.dedent(code)) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, (self.folder / "stderr").read_text()
        return json.loads(line)

    def kill(self) -> None:
        """As kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """As a stop of the scheduler."""
        self.process.terminate()
        self._reap()

    def again(self, epoch: str) -> None:
        """Another run at the same port."""
        self.start(int(self.url.rstrip("/").rpartition(":")[2]))
        self.run(f"play.epoch = {epoch!r}")

    def _reap(self) -> None:
        self.process.wait(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()

    def end(self) -> None:
        """Stop it if it still runs; it must have been quiet."""
        if self.process.poll() is None:
            self.stop()
        assert (self.folder / "stderr").read_text() == ""
        errors = [line for line in Path(self.log).read_text().splitlines() if "ERROR" in line]
        assert [
            line
            for line in errors
            if "no snapshot for the page" not in line and ":gsched.core:" not in line
        ] == []


class Complaints(list[str]):
    """What the browser complains of; and any request that leaves this host."""

    allowed = "net::ERR_"

    def watch(self, view: Any) -> None:
        view.on("console", self._console)
        view.on("pageerror", lambda error: self.append(str(error)))
        view.on("request", self._request)

    def _console(self, message: Any) -> None:
        # A server that is killed, or a job that is gone, is reported by the browser itself.
        known = ("net::ERR_", "status of 404", self.allowed)
        if message.type in ("error", "warning") and not any(x in message.text for x in known):
            self.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith("http://127."):
            self.append(f"request to {request.url}")


Browse = Callable[..., Any]


def shows(view: Any, selector: str, text: Any) -> None:
    """Waits until the element has `text` in it."""
    view.locator(selector).filter(has_text=text).first.wait_for(state="visible")


def cells(view: Any, table: str) -> list[list[str]]:
    """The visible text of each row of a table, cell by cell."""
    found = view.evaluate(
        "id => [...document.querySelectorAll(`#${id} tbody tr`)].map("
        "row => [...row.children].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))",
        table,
    )
    return [list(row) for row in found]


def goes_to(view: Any, place: str) -> None:
    """Waits until the address names that view."""
    view.wait_for_function("place => location.hash === place", arg=f"#/{place}")
