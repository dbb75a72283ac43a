"""Files from clients: a client is told that we have one once a crash cannot lose it."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gsched.net.clients import uploads
from gsched.net.clients.uploads import Limit
from gsched.net.files import CHUNK
from gsched.store import disk
from gsched.store import spool as spool_module
from gsched.store.disk import PLAIN, Disk, PlainFile
from gsched.store.quota import Arrival, Quota, Share
from gsched.store.spool import Spool, SpoolFile
from gsched.store.vault.files import SealedDisk
from gsched.store.vault.sealing import Key
from gsched.wire.errors import PeerError
from gsched.wire.filestat import StatResult
from gsched.wire.pickles import loads
from gsched.wire.records import XferFile

CONTENT = b"content"
REFUSED = -1


def offered(size: int = len(CONTENT), mtime: int = 1) -> XferFile:
    stat = StatResult((0o644, 0, 0, 0, 0, 0, size, mtime, mtime, mtime))
    return XferFile(name="/a", dest_path="", compute_id=1, stat_buf=stat, sep="/")


def again(spool: Spool) -> Spool:
    """The same for the next run."""
    return Spool(spool.directory, disk=spool.disk)


def content(file: SpoolFile) -> bytes:
    with file.open() as opened:
        return opened.read()


class Client:
    """A channel to one that sends the content, and notes what a crash would leave just then."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.told: list[int] = []
        self.left: list[list[bytes]] = []  # contents that the next run would find, each time

    def send(self, payload: bytes) -> None:
        self.told.append(loads(payload))
        found = again(self._spool).found()
        self.left.append([content(file) for file in found.values()])

    def receive_into(self, space: memoryview) -> None:
        space[:] = CONTENT[: len(space)]


@pytest.fixture(params=["in clear", "sealed"])
def spool(tmp_path: Path, request: pytest.FixtureRequest) -> Spool:
    root = tmp_path / "spool"
    sealed: Disk = SealedDisk(Key(bytes(32)), root)
    return Spool(root / "cluster", disk=sealed if request.param == "sealed" else PLAIN)


def receive(spool: Spool) -> tuple[str, Client]:
    client = Client(spool)
    channel: Any = client
    return uploads.receive_into(spool, channel, offered(), Limit(), tell=False), client


def test_it_is_kept_before_that_is_confirmed(spool: Spool) -> None:
    problem, client = receive(spool)
    assert (problem, client.told) == ("", [0, len(CONTENT)])
    assert client.left == [[], [CONTENT]]


@pytest.mark.parametrize("end", ["cluster", "1", ".about"])
def test_a_full_disk_is_told_to_client_and_people(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Whether it has no room for a folder, for the file, or for what is said of it."""

    def full(call: Callable[..., Any]) -> Callable[..., Any]:
        def made(path: Path, *args: Any, **named: Any) -> Any:
            if path.name.endswith(end):
                raise OSError(errno.ENOSPC, "No space left on device")
            return call(path, *args, **named)

        return made

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full(Path.mkdir))
        patch.setattr(disk, "PlainFile", full(PlainFile))
        problem, client = receive(spool)
    assert "file /a cannot be kept: [Errno 28] No space left" in problem
    assert client.told[-1] == REFUSED
    assert spool.find(offered()) is None
    assert not spool.directory.exists() or list(spool.directory.iterdir()) == []


def test_a_file_that_a_crash_of_the_host_has_cut_is_none(spool: Spool) -> None:
    receive(spool)
    [file] = again(spool).found().values()
    os.truncate(file.path, file.path.stat().st_size - 4)
    assert again(spool).found() == {}


# -- how much there may be -------------------------------------------------------------------------


class Silent(Client):
    """Sends nothing of what it has announced."""

    def receive_into(self, space: memoryview) -> None:
        raise TimeoutError


def refusal(spool: Spool, size: int = len(CONTENT), name: str = "/a") -> str:
    """What people are told, if the client is told that its file is not wanted."""
    client = Client(spool)
    channel: Any = client
    file = offered(size)
    file.name = name
    problem = uploads.receive_into(spool, channel, file, Limit(), tell=False)
    assert (client.told[-1] == REFUSED) == bool(problem)
    assert not problem or client.told == [REFUSED]
    return problem


def quota(tmp_path: Path, **limits: int) -> tuple[Quota, Spool, Spool]:
    whole = Quota(tmp_path, **limits)
    one, two = (Spool(tmp_path / name, Share(whole)) for name in ("one", "two"))
    return whole, one, two


def test_a_cluster_has_its_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes count before a byte is there, also those that lie."""
    monkeypatch.setattr("gsched.net.files.CHUNK", 5)
    whole, one, two = quota(tmp_path, most_each=20)
    assert not refusal(one) and not refusal(one, name="/b")
    assert "--max_cluster_size" in refusal(one, name="/c")
    assert "--max_cluster_size" in refusal(two, 1 << 63)
    assert (whole.refused_each, whole.refused_all) == (2, 0)
    assert not refusal(two)
    assert whole.used == 3 * len(CONTENT)


def test_all_clusters_have_their_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gsched.net.files.CHUNK", 5)
    whole, one, two = quota(tmp_path, most_all=20)
    assert not refusal(one) and not refusal(two)
    assert "--max_spool_size" in refusal(two, name="/b")
    assert (whole.refused_each, whole.refused_all) == (0, 1)
    one.remove()
    assert whole.used == len(CONTENT)
    assert not refusal(two, name="/b")


def test_some_of_the_disk_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that arrive at the same time do not count on the same room."""
    whole, one, two = quota(tmp_path, free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=110))
    arrival = Arrival(one.share)
    assert not arrival.refusal(5)
    assert "--min_free_disk" in refusal(two)
    arrival.landed()
    assert not refusal(two)
    whole.free = 0
    assert not refusal(two, name="/b")


def test_the_disk_is_asked_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be slow to answer, and others wait for that: not at each step, not for what is cut."""
    monkeypatch.setattr("gsched.net.files.CHUNK", 10)
    monkeypatch.setattr("gsched.store.quota._LOOK", 160)
    _, one, two = quota(tmp_path, free=100)
    looks = []

    def disk_usage(_: Path) -> SimpleNamespace:
        looks.append(1)
        return SimpleNamespace(free=1000)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    assert arrive(one, 640, lambda: None)[0] == ""
    assert len(looks) == 640 // 160
    looks.clear()
    channel: Any = Slow(two, lambda: None)
    uploads.receive_into(two, channel, offered(640), Limit(most=160), tell=False)
    assert len(looks) == 1 and two.share.used == 160


def test_no_more_comes_than_the_disk_had_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, one, _ = quota(tmp_path, free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=125 - whole.used))
    arrival = Arrival(one.share)
    for _ in range(2):
        assert not arrival.refusal(10)
        arrival.landed()
    assert "the disk has 5 bytes to spare besides --min_free_disk" in arrival.refusal(10)


def test_old_versions_count_as_long_as_they_are_there(tmp_path: Path) -> None:
    whole, one, _ = quota(tmp_path, most_each=20)
    assert not refusal(one)
    file = one.find(offered())
    assert file
    file.hold()  # a job needs it
    file.settled = False  # so it is sent again
    assert not refusal(one)
    assert whole.used == one.share.used == 2 * len(CONTENT)
    assert one.find(offered()) is not file
    assert "--max_cluster_size" in refusal(one, name="/b")
    file.release()
    assert whole.used == one.share.used == len(CONTENT)
    assert one.share.files == 1


def test_what_does_not_arrive_does_not_count(tmp_path: Path) -> None:
    whole, one, _ = quota(tmp_path, most_each=20)
    channel: Any = Silent(one)
    with pytest.raises(TimeoutError):
        uploads.receive_into(one, channel, offered(), Limit(), tell=False)
    assert (whole.used, one.share.used, one.share.files, whole._pending) == (0, 0, 0, 0)


class Slow(Client):
    """Sends a large file, and `meanwhile` something happens."""

    def __init__(self, spool: Spool, meanwhile: Callable[[], None]) -> None:
        super().__init__(spool)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def receive_into(self, space: memoryview) -> None:
        if self.meanwhile:
            self.meanwhile()
            self.meanwhile = None
        space[:] = b"x" * len(space)


def arrive(spool: Spool, size: int, meanwhile: Callable[[], None]) -> tuple[str, list[int]]:
    """What people are told of a file of that size, and the client."""
    client = Slow(spool, meanwhile)
    channel: Any = client
    return uploads.receive_into(spool, channel, offered(size), Limit(), tell=False), client.told


def test_what_is_only_announced_takes_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who announces as much as there is room for, and dribbles, is the only one to have any.

    Whose file finds no room any more is told so when that shows.
    """
    monkeypatch.setattr("gsched.net.files.CHUNK", 10)
    whole, one, two = quota(tmp_path, most_all=100)
    others = [f"/{number}" for number in range(5)]

    def meanwhile() -> None:
        assert [refusal(two, name=name) for name in others] == [""] * 5

    problem, told = arrive(one, 90, meanwhile)
    assert "--max_spool_size" in problem
    assert told == [0, 10, 20, 30, 40, 50, REFUSED]
    assert not list(one.directory.iterdir())
    assert (whole.used, one.share.used, one.share.files, whole._pending) == (35, 0, 0, 0)
    assert arrive(one, 60, lambda: None) == ("", [0, 10, 20, 30, 40, 50, 60])
    assert (whole.used, one.share.used, whole._pending) == (95, 60, 0)


def test_a_cluster_that_ends_while_its_file_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more of it is taken, and nothing of it counts for ever."""
    monkeypatch.setattr("gsched.net.files.CHUNK", 10)
    whole, one, two = quota(tmp_path, most_all=100)
    problem, told = arrive(one, 90, one.remove)
    assert "its cluster is gone" in problem
    assert told == [0, REFUSED]
    assert (whole.used, whole._pending) == (0, 0)
    assert arrive(two, 90, lambda: None)[0] == ""


@pytest.mark.parametrize("size", [CHUNK + 1, 1 << 40, 1 << 62])
def test_sizes_that_lie(tmp_path: Path, size: int) -> None:
    """Without a limit, too: no room is made before something comes, and nothing is left."""
    whole, one, _ = quota(tmp_path)
    came, found = [0], []

    def receive_into(space: memoryview) -> None:
        found.extend(path.stat().st_size for path in one.directory.iterdir())
        if len(found) == 2:
            raise TimeoutError
        came.append(len(space))

    channel: Any = SimpleNamespace(send=lambda _: None, receive_into=receive_into)
    with pytest.raises(TimeoutError):
        uploads.receive_into(one, channel, offered(size), Limit(), tell=False)
    assert found == came and not list(one.directory.iterdir())
    assert (whole.used, one.share.used) == (0, 0)


def test_places_for_files_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty files fill a disk as well. Some disks do not count them."""
    _, one, _ = quota(tmp_path, free=1)
    for places, files, refused in ((9_999, 100_000, True), (50_000, 100_000, False), (0, 0, False)):
        found = SimpleNamespace(f_favail=places, f_files=files)
        monkeypatch.setattr("gsched.store.quota.os.statvfs", lambda _, found=found: found)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 30))
        assert bool(refusal(one, 0, f"/{places}")) == refused


def test_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty ones take room as well."""
    _, one, _ = quota(tmp_path)
    monkeypatch.setattr("gsched.store.quota.MOST_FILES", 2)
    for name in ("/a", "/b"):
        assert not refusal(one, 0, name)
    assert "2 files already" in refusal(one, 0, "/c")


def test_what_an_earlier_run_has_left_counts(tmp_path: Path) -> None:
    _, one, _ = quota(tmp_path)
    assert not refusal(one) and not refusal(one, name="/b")
    whole = Quota(tmp_path, most_all=20)
    again = Spool(one.directory, Share(whole))
    assert len(again.found()) == 2
    assert whole.used == 2 * len(CONTENT)
    assert "--max_spool_size" in refusal(again, name="/c")


def test_links_that_lie_in_the_spool_are_not_followed(spool: Spool, tmp_path: Path) -> None:
    """Neither that of a file nor that of what is said about it."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    spool.directory.mkdir(parents=True)
    for name in ("1", "1.about"):
        (spool.directory / name).symlink_to(outside)
    problem, _ = receive(spool)
    assert problem == "" and outside.read_bytes() == b"precious"
    assert content(again(spool).found()[1]) == CONTENT
    assert not any(path.is_symlink() for path in spool.directory.iterdir())


def test_links_in_the_spool_are_no_files_of_an_earlier_run(spool: Spool, tmp_path: Path) -> None:
    """Nodes would be sent what they lead to."""
    receive(spool)
    [file] = again(spool).found().values()
    outside = tmp_path / "outside"
    outside.write_bytes(CONTENT)
    for kept, linked in ((".about", ""), ("", ".about")):
        shutil.copy(f"{file.path}{kept}", f"{spool.directory}/2{kept}")
        link = Path(f"{spool.directory}/2{linked}")
        target = outside if not linked else Path(f"{file.path}{linked}")
        link.symlink_to(target)
        assert list(again(spool).found()) == [1]
        for path in spool.directory.glob("2*"):
            path.unlink()


def test_files_are_for_nobody_else(spool: Spool) -> None:
    """Whatever is above their folder, and whatever the umask is."""
    before = os.umask(0)
    try:
        receive(spool)
    finally:
        os.umask(before)
    assert spool.directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("other", [{"name": "/a/.."}, {"dest_path": "../b"}, {"sep": ""}], ids=str)
def test_names_that_lead_elsewhere_are_refused(spool: Spool, other: dict[str, str]) -> None:
    """Nodes and clients would be told of them."""
    channel: Any = Client(spool)
    with pytest.raises(PeerError, match="leads out"):
        uploads.receive_into(spool, channel, replace(offered(), **other), Limit(), tell=False)
    assert not channel.told and not spool.directory.exists()


def test_large_files_are_cut(spool: Spool) -> None:
    """And their client is told, if it is to be."""
    for tell, end in ((False, len(CONTENT)), (True, 3)):
        client: Any = Client(spool)
        problem = uploads.receive_into(spool, client, offered(), Limit(3), tell=tell)
        assert "TRUNCATED to --max_file_size: its last 4 bytes" in problem
        assert client.told == [0, end]
        file = spool.find(offered())
        assert file and content(file) == CONTENT[:3]


def test_large_files_are_refused_where_that_is_wanted(spool: Spool) -> None:
    client: Any = Client(spool)
    limit = Limit(len(CONTENT) - 1, refuse=True)
    assert "is refused" in uploads.receive_into(spool, client, offered(), limit, tell=False)
    assert client.told == [REFUSED] and not spool.directory.exists()


@pytest.mark.parametrize("power", [False, True])
def test_files_are_on_the_disk_itself_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, power: bool
) -> None:
    """Before the client is told that they are kept."""
    synced: list[str] = []
    monkeypatch.setattr(
        spool_module.os,
        "fsync",
        lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink().name),
    )
    spool = Spool(tmp_path / "spool" / "cluster", Share(Quota(tmp_path, power=power)))
    told = Client.send

    def send(self: Client, payload: bytes) -> None:
        told(self, payload)
        self.left.append([name.encode() for name in synced])

    monkeypatch.setattr(Client, "send", send)
    problem, client = receive(spool)
    assert problem == ""
    names = ["1", "1.about", "cluster", "spool"] if power else []
    assert client.left[-1] == [name.encode() for name in names]
