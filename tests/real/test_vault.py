"""With --vault, what real peers bring is found nowhere on disk, nor are keys anywhere else."""

import urllib.request
from pathlib import Path

import pytest
from peers import Gsched, Stage, wait_until
from peers.process import PATIENCE

pytestmark = pytest.mark.real

WORD, BACK = "SeCrEt", "tErCeS"  # of clients, and what jobs make of it
SECRET, KEY, WRONG = "pAsSwOrD", "5ec4e7" * 10 + "beef", "0" * 64


def confided(stage: Stage, folder: Path, *options: str) -> Gsched:
    """A server that has had jobs, files, results and errors, and remembers them."""
    needed = folder / f"{WORD}.txt"
    needed.write_text(WORD * 20_000)
    node = stage.node(1, "-s", SECRET)
    secret = ("--node_secret_file", key_file(folder, "node", SECRET))
    gsched = stage.gsched("--debug", *secret, *options, nodes=[node])
    client = stage.client("confides", gsched, word=WORD, path=str(needed))
    returned, raised = client.outcome()["jobs"]
    assert returned["result"] == BACK and BACK in raised["exception"]
    wait_until(lambda: BACK in asked(gsched, "history"), "why a job failed is known")
    return gsched


def key_file(folder: Path, name: str, key: str) -> str:
    path = folder / name
    path.write_text(key)
    path.chmod(0o600)
    return str(path)


def asked(gsched: Gsched, what: str) -> str:
    with urllib.request.urlopen(f"{gsched.page}api/v1/{what}", timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def said(gsched: Gsched) -> str:
    """By it, to whoever may ask, and by the system of it."""
    words = [asked(gsched, what) for what in ("status", "history", "log", "audit")]
    words.append(Path(f"/proc/{gsched.pid}/cmdline").read_text())
    return "".join([*words, gsched.out, gsched.err])


def places(folder: Path) -> set[str]:
    """Files below the folder that have one of the words, in content or name."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
        for word in (WORD, BACK, SECRET, KEY)
        if word.encode() in path.read_bytes() or word in path.name
    }


@pytest.mark.proves("--vault", "--vault_key_file")
def test_nothing_is_found_on_disk(stage: Stage, tmp_path: Path) -> None:
    key = ("--vault", "--vault_key_file", key_file(tmp_path, "key", KEY))
    gsched = confided(stage, tmp_path, *key)
    words = said(gsched)
    gsched.kill()
    assert not [word for word in (SECRET, KEY) if word in words]
    assert not [word for word in (WORD, BACK) if word in gsched.err]
    assert places(gsched.state_folder) == set()
    wrong = ("--vault", "--vault_key_file", key_file(tmp_path, "wrong", WRONG))
    for options, mend in ((wrong, "this key does not open"), ((), "give --vault and its key")):
        stranger = stage.again(gsched, *options, ready=False)
        assert stranger.wait() == 2
        assert mend in stranger.err and stranger.err.count("\n") == 1
    again = stage.again(gsched, *key)
    assert BACK in asked(again, "history") and KEY not in said(again)


def test_all_of_it_is_found_without_a_vault(stage: Stage, tmp_path: Path) -> None:
    """Else the other test would prove nothing."""
    gsched = confided(stage, tmp_path)
    gsched.kill()
    assert places(gsched.state_folder) >= {"journal.sqlite-wal", "history.sqlite-wal"}
