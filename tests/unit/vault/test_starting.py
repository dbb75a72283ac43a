"""Keys of a vault: where they may come from, what a start says of them, and `gsched rekey`."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gsched import passphrase, rekey
from gsched.handover import Handover
from gsched.net.transport.mistakes import Mistake
from gsched.options.option import NEW_VAULT_KEY, VAULT_KEY
from gsched.options.settings import Settings
from gsched.options.sources import Wrong
from gsched.options.table import parse, read
from gsched.running.state import State
from gsched.store.vault import keyfile, opening
from gsched.store.vault.opening import CLEAR

from .secret_state import places, write

KEY, NEW = "a1" * 32, "b2" * 32
HOME = {"HOME": "/home/x"}


@pytest.fixture
def clear(tmp_path: Path) -> Path:
    """A state in clear."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    write(folder, CLEAR).close()
    return folder


@pytest.fixture
def sealed(clear: Path) -> Path:
    opening.opened(clear, KEY)
    return clear


def written(path: Path, key: str, mode: int = 0o600) -> str:
    path.write_text(f"{key}\n")
    path.chmod(mode)
    return str(path)


def start(folder: Path, *options: str, key: str = "") -> None:
    environ = HOME | ({VAULT_KEY: key} if key else {})
    State(parse(["--dest_path_prefix", str(folder), *options], environ)).close()


def refusal(folder: Path, *options: str, key: str = "") -> str:
    with pytest.raises(Mistake) as mistake:
        start(folder, *options, key=key)
    told = str(mistake.value)
    assert "\n" not in told and not (key and key in told)
    return told


# -- where keys come from --------------------------------------------------------------------------


def test_keys_from_a_file_or_a_variable(tmp_path: Path) -> None:
    file = ["--vault_key_file", written(tmp_path / "key", KEY)]
    for words, environ in ((file, {}), ([], {VAULT_KEY: KEY})):
        settings = parse(["--vault", *words], HOME | environ)
        assert settings.vault_key == KEY and settings.exposed == ()
        assert KEY not in repr(settings)
    with pytest.raises(Wrong) as both:
        read(["--vault", *file], HOME | {VAULT_KEY: NEW})
    assert "exclude each other" in both.value.text and NEW not in both.value.text


def test_keys_are_no_options() -> None:
    """The list of processes and saved options would hold them."""
    with pytest.raises(Wrong, match="2") as line:
        read(["--vault_key", KEY], HOME)
    assert "unknown option; did you mean --vault_key_file?" in line.value.text
    assert KEY not in line.value.text


def test_keys_are_not_saved(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with pytest.raises(SystemExit, match="0"):
        read(["--vault", "--save_config"], HOME | {VAULT_KEY: KEY})
    saved = capfdbinary.readouterr().out
    assert b"vault = true" in saved and KEY.encode() not in saved


@pytest.mark.parametrize("key", ["eleven char", "x"])
def test_a_short_passphrase_is_none(tmp_path: Path, key: str) -> None:
    with pytest.raises(Wrong) as variable:
        read([], HOME | {VAULT_KEY: key})
    assert variable.value.text.startswith(f"{VAULT_KEY}: a passphrase has 12 characters or more")
    with pytest.raises(Wrong) as file:
        read(["--vault_key_file", written(tmp_path / "key", key)], HOME)
    assert file.value.text.startswith("--vault_key_file: a passphrase has 12 characters or more")


def test_a_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "key", KEY, 0o644)
    [told] = parse(["--vault", "--vault_key_file", path], HOME).exposed
    assert told == f"--vault_key_file: others can read {path}; chmod 600 it"


@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_who_is_asked_may_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def gone(_: str) -> str:
        raise error

    monkeypatch.setattr(passphrase, "can_ask", lambda: True)
    monkeypatch.setattr("getpass.getpass", gone)
    with pytest.raises(Mistake, match="--vault: no key was given"):
        passphrase.with_key(parse(["--vault", "--dest_path_prefix", str(tmp_path)], HOME))


@pytest.mark.parametrize(
    ("typed", "problem"),
    [([KEY, KEY], ""), ([KEY, NEW], "they differ"), (["short", "short"], "12 characters or more")],
)
def test_a_new_key_is_asked_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str], problem: str
) -> None:
    settings = parse(["--vault", "--dest_path_prefix", str(tmp_path)], HOME)
    monkeypatch.setattr(passphrase, "can_ask", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: typed.pop())
    if problem:
        with pytest.raises(Mistake, match=problem):
            passphrase.with_key(settings)
    else:
        assert passphrase.with_key(settings).vault_key == KEY and not typed
        keyfile.lock(tmp_path, KEY, keyfile.Held(b"k" * 32))
        typed.append(KEY)  # once is enough for one that is there
        assert passphrase.with_key(settings).vault_key == KEY and not typed


# -- starting --------------------------------------------------------------------------------------


def test_a_vault_is_made_and_opened(clear: Path) -> None:
    start(clear, "--vault", key=KEY)
    assert places(clear) == []
    start(clear, "--vault", key=KEY)
    assert (clear / keyfile.NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("durability", ["off", "process"])
def test_what_opens_no_vault_is_refused(sealed: Path, durability: str) -> None:
    options = ("--durability", durability)
    assert "this key does not open" in refusal(sealed, "--vault", *options, key=NEW)
    assert "give its key by --vault_key_file" in refusal(sealed, "--vault", *options)
    assert "it is encrypted; give --vault" in refusal(sealed, *options)
    (sealed / keyfile.NAME).write_text("{}")
    assert "vault.json is damaged" in refusal(sealed, "--vault", *options, key=KEY)


def test_without_its_key_file_nothing_is_forgotten(sealed: Path) -> None:
    (sealed / keyfile.NAME).unlink()
    for options, key in (((), ""), (("--vault",), NEW)):
        assert "sealed with a key that is not here" in refusal(sealed, *options, key=key)
    assert not keyfile.exists(sealed)


def test_clean_forgets_the_vault(sealed: Path) -> None:
    start(sealed, "--clean")
    assert not keyfile.exists(sealed)
    start(sealed, "--clean", "--vault", key=NEW)
    start(sealed, "--vault", key=NEW)


@pytest.mark.parametrize(
    ("before", "now", "goes"),
    [
        *(("", "", True), ("", KEY, True), (KEY, KEY, True), (KEY, NEW, False)),
        *((KEY, "typed", False), (KEY, "", False), ("", "typed", False)),
    ],
)
def test_a_restart_has_the_key_of_the_vault(before: str, now: str, goes: bool) -> None:
    """Or else nothing would be there any more."""

    def settings(key: str) -> Settings:
        environ = HOME | ({VAULT_KEY: key} if len(key) > 12 else {})
        return parse(["--vault"] * bool(key), environ)

    stopping: Any = SimpleNamespace(is_set=lambda: False, set=lambda: None)
    server = SimpleNamespace(durable=True, settings=settings(before), stopping=stopping)
    service = SimpleNamespace(reloading=lambda: None)
    handover = Handover(server, service, lambda: settings(now))  # type: ignore[arg-type]
    assert handover.wanted is False
    assert ("do not have the key" in handover.ask()) is not goes
    assert handover.wanted is goes


# -- gsched rekey ----------------------------------------------------------------------------------

Rekey = Callable[..., tuple[int, str]]


@pytest.fixture
def run(sealed: Path, capsys: pytest.CaptureFixture[str]) -> Rekey:
    """The command; its exit code and its one line."""

    def run(*words: str, key: str = KEY, new: str = "") -> tuple[int, str]:
        environ = HOME | {name: x for name, x in ((VAULT_KEY, key), (NEW_VAULT_KEY, new)) if x}
        code = rekey.main(["rekey", "--dest_path_prefix", str(sealed), *words], environ)
        out, err = capsys.readouterr()
        assert (out + err).count("\n") == 1 and bool(err) == bool(code)
        assert KEY not in out + err and NEW not in out + err
        return code, out + err

    return run


def test_another_key(run: Rekey, sealed: Path, tmp_path: Path) -> None:
    code, said = run("--new_key_file", written(tmp_path / "new", NEW))
    assert (code, said) == (0, f"{sealed} is encrypted anew; only the new key opens it\n")
    start(sealed, "--vault", key=NEW)
    assert run(key=NEW, new=KEY)[0] == 0
    start(sealed, "--vault", key=KEY)


def test_no_key_any_more(run: Rekey, sealed: Path) -> None:
    assert run("--off") == (0, f"{sealed} is in clear\n")
    start(sealed)
    code, said = run("--off")
    assert code == 2 and f"nothing is encrypted in {sealed}" in said


def test_what_rekey_refuses(run: Rekey, sealed: Path, tmp_path: Path) -> None:
    for words, key, new, problem in (
        ((), NEW, "c3" * 32, "this key does not open the vault"),
        (("--off",), NEW, "", "this key does not open the vault"),
        ((), KEY, "", f"give the new key by --new_key_file, in {NEW_VAULT_KEY}"),
        ((), "", NEW, "give its key by --vault_key_file"),
        ((), KEY, "short", f"{NEW_VAULT_KEY}: a passphrase has 12 characters"),
        (("--new_key_file", str(tmp_path / "none")), KEY, "", "No such file"),
        (("--new_key_file",), KEY, "", "--new_key_file: a value must follow"),
        (("--what",), KEY, "", "--what: unknown option"),
    ):
        code, said = run(*words, key=key, new=new)
        assert code == 2 and problem in said, said
    start(sealed, "--vault", key=KEY)


def test_rekey_leaves_a_server_alone(run: Rekey, sealed: Path) -> None:
    environ = HOME | {VAULT_KEY: KEY}
    running = State(parse(["--vault", "--dest_path_prefix", str(sealed)], environ))
    said = run(new=NEW)[1]
    assert f"{sealed}: another gsched uses it (process {os.getpid()}); stop that one" in said
    assert said.rstrip().endswith(f"such as --dest_path_prefix {sealed}-2")
    (sealed / "lock").write_text("what no process is")
    assert f"{sealed}: another gsched uses it; stop that one" in run(new=NEW)[1]
    running.close()
    assert run(new=NEW)[0] == 0


def test_rekey_tells_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert rekey.main(["rekey", "--help"], HOME) == 0
    assert "--new_key_file FILE" in capsys.readouterr().out
