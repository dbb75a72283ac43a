"""What peers may take is an option, and is shown."""

from pathlib import Path
from typing import Any

import pytest
from option_cases import own_home

from gsched.core.scheduler import Refused
from gsched.net.transport.guests import HELD_FREELY
from gsched.options.limits import LIMITS
from gsched.options.table import parse
from gsched.running.limits import Limits
from gsched.store.quota import Quota
from gsched.wire.errors import PeerError
from gsched.wire.messages import LARGE

HERE = "192.0.2.1"
ELSEWHERE = {  # limits that are shown as something else, and what lets in instead of keeping out
    "max_args_memory",  # "arguments" of the status
    "min_free_disk",  # what is left is the system's to tell: gschedctl doctor does
    *("allow_callback", "allow_node_port", "history"),
}


class Datagrams:
    """What came."""

    rate, dropped = 7, 8


class Sock:
    """A connection that can be ended."""

    def abort(self) -> None: ...


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home(tmp_path, monkeypatch)


def limits(*options: str, quota: Quota | None = None) -> Limits:
    return Limits(parse(list(options), {"HOME": "/"}), quota or Quota())


def shown(limits: Limits) -> dict[str, list[int]]:
    datagrams: Any = Datagrams()
    return limits.shown(datagrams)


def test_each_limit_is_shown() -> None:
    found = shown(limits())
    assert set(found) == {option.name for option in LIMITS} - ELSEWHERE
    assert all(len(numbers) == 3 and min(numbers) >= 0 for numbers in found.values())


def test_what_is_shown_is_what_was_asked_for() -> None:
    found = {option.name: 99 - n for n, option in enumerate(LIMITS) if option.name[:4] == "max_"}
    options = [f"--{name}={value}" for name, value in found.items()]
    files = {"most_each": found["max_cluster_size"], "most_all": found["max_spool_size"]}
    told = shown(limits(*options, quota=Quota(**files)))
    assert {name: most for name, (_, most, _) in told.items()} == {
        name: value for name, value in found.items() if name not in ELSEWHERE
    }


@pytest.mark.proves("--max_message_memory")
def test_room_for_messages() -> None:
    """By default the largest message fits into the half that each address has."""
    assert limits().guests.most_bytes >= 2 * LARGE
    few = limits("--max_message_memory", "1m")
    sock: Any = Sock()
    guest = few.guests.enter(HERE, sock)
    guest.hold(1 << 19)
    with pytest.raises(PeerError, match="--max_message_memory"):
        guest.hold((1 << 19) + 1)
    assert shown(few)["max_message_memory"] == [(1 << 19) + 1, 1 << 20, 1]


def test_what_was_refused_is_counted() -> None:
    few = limits("--max_client_clusters=1", "--max_connections=1", "--max_log_lines=1")
    sock: Any = Sock()
    few.guests.enter(HERE, sock).hold(HELD_FREELY)
    few.guests.enter("192.0.2.2", sock)
    few.tenants.open(HERE, 0)
    with pytest.raises(Refused):
        few.tenants.open(HERE, 0)
    for number in range(5):
        few.complaints.log(HERE, str(number))
    found = shown(few)
    assert found["max_connections"] == [2, 1, 1]  # the one that has to go is on its way out
    assert found["max_client_clusters"] == [1, 1, 1]
    assert found["max_log_lines"] == [1, 1, 3]
    assert found["max_datagrams"][::2] == [7, 8]
