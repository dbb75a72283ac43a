"""--save_config: what was given comes back from the file, and nobody else can read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from option_cases import AWKWARD, HOME, one_line, own_home, refusal

from gsched.options.configfile import save
from gsched.options.table import OPTIONS, parse


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home(tmp_path, monkeypatch)


def saved(target: str, argv: list[str], environ: dict[str, str] | None = None) -> None:
    """Run --save_config to `target`; it must exit with 0."""
    with pytest.raises(SystemExit) as exit_:
        parse([*argv, f"--save_config={target}"], environ or HOME)
    assert exit_.value.code == 0


EVERYTHING = [
    *(
        "-d",
        "--log_format=json",
        "--daemon",
        "--clean=false",
        "-i",
        "10.0.0.1",
        "-i",
        "b",
        "--ext_ip_addr",
        "gate",
    ),
    *("--port", "5", "--scheduler_port=6", "--node_port=7", "--dispy_port", "9700"),
    *("--other_ports", "none", "--ipv4_udp_multicast=no", "-n", "a", "-n", "[::1]:9", "-n", "b:1"),
    *("--local_node", "--cooperative", "--cleanup_nodes", "--node_secret= # a'\"\\ "),
    *("--node_secret_file=", "--cluster_secret_file="),
    *("--cluster_secret", "ключ", "--node_keyfile=", "--node_certfile=", "--cluster_keyfile="),
    *(
        "--cluster_certfile=",
        "--vault",
        "--vault_key_file=",
        "--fair_cluster_scheduler",
        "--early_cluster_scheduler=0",
        "--weighted_cluster_scheduler=0",
        "--policy_file=rules.yaml",
        "--max_exclusive=600",
    ),
    *("--pulse_interval", "1.50", "--ping_interval", "0", "--zombie_interval", "2"),
    *("--msg_timeout", ".5", "--dest_path_prefix", "~/a b", "--max_file_size", "10M"),
    *("--oversize_files", "refuse", "--durability", "off", "--grace_period", "3"),
    *("--max_connections", "5000", "--max_host_connections", "70"),
    *("--max_message_memory", "64m", "--max_log_lines", "9", "--max_client_effort", "20"),
    *("--allow_callback", "10.0.0.0/8", "--allow_node_port", "7", "--max_datagrams", "8"),
    *("--max_client_clusters", "5", "--max_client_allocations", "9"),
    *("--max_client_jobs", "6", "--max_client_bytes", "7g", "--max_args_memory", "8g"),
    *("--max_cluster_size", "8m", "--max_spool_size", "9g", "--min_free_disk", "0", "--httpd"),
    *("--history", "50"),
    *(
        "--http_host",
        "localhost",
        "--http_port",
        "0",
        "--http_connections",
        "7",
        "--http_accounts",
        "people",
    ),
    *("--http_certfile", "page.pem", "--http_keyfile", "page.key", "--http_name", "gate"),
    *("--http_url", "https://gate.example.org/", "--http_read_only"),
]


def test_no_option_is_lost(tmp_path: Path) -> None:
    target = tmp_path / "all.conf"
    saved(str(target), EVERYTHING)
    lines = target.read_text(encoding="utf-8").splitlines()
    names = [line.partition(" = ")[0] for line in lines if not line.startswith("#")]
    assert names == [option.name for option in OPTIONS if option.in_file]
    assert parse(["--config", str(target)], HOME) == parse(EVERYTHING, HOME)


def test_values_are_written_as_given(tmp_path: Path) -> None:
    target = tmp_path / "all.conf"
    saved(str(target), EVERYTHING)
    text = target.read_text(encoding="utf-8")
    for line in (
        "debug = true",
        "clean = false",
        "other_ports = [none]",
        'nodes = [a, "[::1]:9", b:1]',
        "local_node = all",
        'node_secret = " # a\'\\"\\\\ "',
        "pulse_interval = 1.50",
        'dest_path_prefix = "~/a b"',
        "max_file_size = 10M",
    ):
        assert f"\n{line}\n" in text


def test_only_what_was_given_is_written(tmp_path: Path) -> None:
    target = tmp_path / "some.conf"
    saved(str(target), ["--port", "5"])
    assert target.read_text().splitlines()[1:] == ["port = 5"]
    saved(str(target), [])
    assert parse(["--config", str(target)], HOME) == parse([], HOME)


def test_all_sources_are_written_together(tmp_path: Path) -> None:
    first, second = tmp_path / "1.conf", tmp_path / "2.conf"
    first.write_text("port = 1\nnodes = [a, b]\nclean = true\nhttp-port = 3\n")
    environ = {"GSCHED_PORT": "2", "GSCHED_NODES": "[c]", "GSCHED_DEBUG": "1", **HOME}
    argv = ["--config", str(first), "-n", "d", "--clean=no"]
    saved(str(second), argv, environ)
    assert second.read_text().splitlines()[1:] == [
        "debug = 1",
        "clean = no",
        "port = 2",
        "nodes = [d]",
        "http_port = 3",
    ]
    assert parse(["--config", str(second)], HOME) == parse(argv, environ)


def test_a_saved_file_saves_to_itself(tmp_path: Path) -> None:
    target = tmp_path / "x.conf"
    saved(str(target), EVERYTHING)
    once = target.read_bytes()
    saved(str(target), ["--config", str(target)])
    assert target.read_bytes() == once


@pytest.mark.parametrize("secret", AWKWARD)
def test_secrets_survive_every_source(secret: str, tmp_path: Path) -> None:
    target = str(tmp_path / "secret.conf")
    saved(target, [f"--node_secret={secret}"], {"GSCHED_CLUSTER_SECRET": secret, **HOME})
    back = parse(["--config", target], HOME)
    assert (back.node_secret, back.cluster_secret) == (secret, secret)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that lasts for all examples of a test."""
    return tmp_path_factory.mktemp("secrets")


any_bytes = st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
secrets = (one_line | any_bytes).filter(lambda text: not set(text) & set("\n\r\0"))


@hypothesis_settings(database=None, deadline=None, max_examples=150)
@given(secrets, secrets)
@example("a # b", " c ")
@example("--", "-")
def test_any_secret_survives(folder: Path, node: str, cluster: str) -> None:
    target = str(folder / "secret.conf")
    saved(target, [f"--node_secret={node}"], {"GSCHED_CLUSTER_SECRET": cluster, **HOME})
    back = parse(["--config", target], HOME)
    assert (back.node_secret, back.cluster_secret) == (node, cluster)


def test_to_standard_output(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    argv = ["--node_secret", "é\udcff #", "-n", "a"]
    for last in (["--save_config"], ["--save_config", "-"], ["--save_config=-"]):
        with pytest.raises(SystemExit) as exit_:
            parse([*argv, *last], HOME)
        assert exit_.value.code == 0
        out, err = capsysbinary.readouterr()
        assert err == b""
        (tmp_path / "out.conf").write_bytes(out)
        assert parse(["--config", "out.conf"], HOME) == parse(argv, HOME)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.conf"]


def test_save_config_in_front_of_other_options(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        parse(["--save-config", "x.conf", "--port", "5"], HOME)
    assert parse(["--config", str(tmp_path / "x.conf")], HOME).port == 5


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_only_the_owner_can_read(umask: int, tmp_path: Path) -> None:
    target = tmp_path / "x.conf"
    before = os.umask(umask)
    try:
        saved(str(target), ["--port", "5"])
    finally:
        os.umask(before)
    assert mode(target) == 0o600


def test_a_file_that_all_could_read_is_closed(tmp_path: Path) -> None:
    target = tmp_path / "x.conf"
    target.write_text("port = 1\n")
    target.chmod(0o644)
    saved(str(target), ["--port", "5"])
    assert mode(target) == 0o600
    assert parse(["--config", str(target)], HOME).port == 5


def test_a_link_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "x.conf", tmp_path / "link.conf"
    link.symlink_to(target)
    saved(str(link), ["--port", "5"])
    assert link.is_symlink()
    assert "port = 5" in target.read_text()


def test_home_folder_in_the_name(tmp_path: Path) -> None:
    saved("~/x.conf", ["--port", "5"])
    assert (tmp_path / "x.conf").exists()


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.conf"
    target.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(str(target), "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("target", ["missing/x.conf", ".", "pipe"])
def test_targets_that_cannot_be_written(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    line = refusal(capsys, lambda: parse([f"--save_config={target}"], HOME))
    assert "--save_config" in line and repr(target) in line and "cannot be written" in line
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("secret", ["pe\nars", "pe\rars", "pears\n"])
def test_a_line_break_is_refused(
    secret: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [f"--node_secret={secret}"]
    assert parse(argv, HOME).node_secret == secret
    line = refusal(capsys, lambda: parse([*argv, "--save_config=x.conf"], HOME))
    assert "--node_secret" in line and "line break" in line and "pe" not in line
    assert list(tmp_path.iterdir()) == []


def test_wrong_options_are_not_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refusal(capsys, lambda: parse(["--port", "x", "--save_config=x.conf"], HOME))
    refusal(capsys, lambda: parse(["--durability=on", "--save_config=x.conf"], HOME))
    assert list(tmp_path.iterdir()) == []
