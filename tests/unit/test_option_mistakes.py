"""Every mistake with options ends in exit code 2 and one line that tells what it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from option_cases import (
    BY_NAME,
    DEFAULT,
    HOME,
    SOURCES,
    WRONG,
    Mistake,
    Raw,
    Source,
    file_with,
    own_home,
    refusal,
    variable,
)

from gsched.options.table import OPTIONS, parse


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home(tmp_path, monkeypatch)


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """Gives an option through one of the three sources."""
    return partial(SOURCES[request.param], tmp_path)


@pytest.fixture
def mistake(capsys: pytest.CaptureFixture[str]) -> Mistake:
    """Runs what must exit with 2 and one line on standard error; returns the line."""
    return partial(refusal, capsys)


# ------------------------------------------------------------------------ options that meet


def test_more_external_addresses_than_own(mistake: Mistake, tmp_path: Path) -> None:
    two = ["--ext_ip_addr", "x", "--ext_host", "y"]
    for argv in (two, ["-i", "a", *two]):
        line = mistake(lambda argv=argv: parse(argv, HOME))  # type: ignore[misc]
        assert "--ext_ip_addr" in line and "'x, y'" in line and "--ip_addr" in line
    path = file_with(tmp_path, "ext_ip_addr = [x, y]")
    line = mistake(lambda: parse(["-i", "a", "--config", path], HOME))
    assert f"(in {path}, line 1)" in line


def test_algorithms_exclude_each_other(mistake: Mistake, tmp_path: Path) -> None:
    fair, early = "fair_cluster_scheduler", "early_cluster_scheduler"
    path = file_with(tmp_path, f"{early} = true")
    attempts: list[Callable[[], object]] = [
        lambda: parse([f"--{fair}", f"--{early}"], HOME),
        lambda: parse([f"--{fair}", "--config", path], HOME),
        lambda: parse(["--config", path], variable(fair, "true")),
        lambda: parse([f"--{early}"], variable(fair, "true")),
    ]
    for attempt in attempts:
        line = mistake(attempt)
        assert f"--{fair}" in line and f"--{early}" in line and "exclude" in line
    assert parse([f"--{fair}", f"--{early}=no", "--config", path], HOME).algorithm == "fair"


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--port", "51349"], "--port"),
        (["--scheduler_port", "51347"], "--scheduler_port"),
        (["--httpd", "--http_port", "51347"], "--http_port"),
        (["--httpd", "--port", "8181"], "--port"),
    ],
)
def test_two_listeners_on_one_port(mistake: Mistake, argv: list[str], named: str) -> None:
    line = mistake(lambda: parse(argv, HOME))
    assert line.startswith(f"gsched: {named}: ")
    assert argv[-1] in line


# --------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_each_wrong_value(source: Source, mistake: Mistake, name: str, value: str) -> None:
    raw: Raw = [value] if BY_NAME[name].repeatable else value
    line = mistake(lambda: source(name, raw))
    assert f"--{name}" in line
    assert repr(value[:80])[:-1] in line
    assert "give " in line
    assert len(line) < 400


def test_a_wrong_value_says_where_it_is_from(mistake: Mistake, tmp_path: Path) -> None:
    assert "(in GSCHED_PORT)" in mistake(lambda: parse([], variable("port", "x")))
    path = file_with(tmp_path, "# ports", "", "port = x")
    assert f"(in {path}, line 3)" in mistake(lambda: parse(["--config", path], HOME))
    assert "(in" not in mistake(lambda: parse(["--port", "x"], HOME))


def test_hints_at_what_was_meant(mistake: Mistake, tmp_path: Path) -> None:
    assert "[a, b]" in mistake(lambda: parse([], {"GSCHED_NODES": "alpha,beta"}))
    path = file_with(tmp_path, "port = 51347  # the nodes'")
    assert "a comment needs a line of its own" in mistake(lambda: parse(["--config", path], HOME))


def test_none_stands_alone(mistake: Mistake) -> None:
    line = mistake(lambda: parse(["--other_ports", "none", "--other_ports", "7"], HOME))
    assert "--other_ports" in line and "'none'" in line


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["--prot", "1"], "--port?"),
        (["--max-filesize=1"], "--max_file_size?"),
        (["--fair"], "--fair_cluster_scheduler?"),
        (["--node_secre", "x"], "--node_secret?"),
        (["-debug"], "--debug?"),
        (["-max-file-size=1"], "--max-file-size?"),
        (["--zzzzzzzz"], "--help"),
        (["--ftp"], "--help"),
        (["-x"], "--help"),
        (["-dx"], "-x"),
        (["--"], "--help"),
        (["foo"], "'foo'"),
        (["-"], "'-'"),
        ([""], "''"),
        (["--debug", "false"], "'false'"),
        (["two\nlines"], "'two\\nlines'"),
        (["--two\nlines"], "--two lines"),
    ],
)
def test_unknown_on_the_command_line(mistake: Mistake, argv: list[str], wanted: str) -> None:
    assert wanted in mistake(lambda: parse(argv, HOME))


def test_no_abbreviations(mistake: Mistake) -> None:
    for option in OPTIONS:
        if option.name != "nodes":  # whose alias is the same without its last letter
            line = mistake(lambda cut=option.name[:-1]: parse([f"--{cut}"], HOME))  # type: ignore[misc]
            assert "unknown option" in line and f"--{option.name}" in line


def test_an_unknown_option_is_told_without_its_value(mistake: Mistake) -> None:
    assert "pears" not in mistake(lambda: parse(["--node_secre=pears"], HOME))


@pytest.mark.parametrize("name", [o.name for o in OPTIONS if o.implied is None])
def test_a_value_must_follow(mistake: Mistake, name: str) -> None:
    for argv in ([f"--{name}"], [f"--{name}", "--debug"], [f"--{name}", "-x"]):
        line = mistake(lambda argv=argv: parse(argv, HOME))  # type: ignore[misc]
        assert f"--{name}" in line and BY_NAME[name].metavar in line


@pytest.mark.parametrize(
    ("variable_", "wanted"),
    [
        ("GSCHED_PORTT", "GSCHED_PORT?"),
        ("GSCHED_HOST", "GSCHED_IP_ADDR?"),
        ("GSCHED_NODE", "GSCHED_NODES?"),
        ("GSCHED_port", "GSCHED_PORT?"),
        ("GSCHED_MAXFILESIZE", "GSCHED_MAX_FILE_SIZE?"),
        ("GSCHED_SAVE_CONFIG", "command line only"),
        ("GSCHED_", "--help"),
        ("GSCHED_QQQQQQ", "--help"),
    ],
)
def test_unknown_variables(mistake: Mistake, variable_: str, wanted: str) -> None:
    line = mistake(lambda: parse([], {variable_: "pears", **HOME}))
    assert variable_ in line and wanted in line and "pears" not in line


def test_variables_of_others_are_left_alone() -> None:
    assert parse([], {"GSCHEDULER": "x", "PORT": "1", "gsched_port": "2", **HOME}) == DEFAULT


def test_a_malformed_list_in_a_variable(mistake: Mistake) -> None:
    assert "GSCHED_NODES" in mistake(lambda: parse([], {"GSCHED_NODES": "[a,,b]"}))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("bogus_portt = 1", "line 2"),
        ("prot = 1", "did you mean port?"),
        ("Port = 1", "did you mean port?"),
        ("max-filesize = 1", "did you mean max_file_size?"),
        ("config = x", "config: a file cannot set this option"),
        ("save-config = x", "save-config: a file cannot set this option"),
        ("httpd", "expected `name = value`"),
        ("[section]", "expected `name = value`"),
        ("= 1", "unknown option ''"),
        ("port = 5", "port is given already"),
        ("node_secret = 'open", "node_secret: the quote is not closed"),
        ("nodes = [a,,b]", "nodes: expected a list"),
    ],
)
def test_mistakes_in_the_file(mistake: Mistake, tmp_path: Path, line: str, wanted: str) -> None:
    path = file_with(tmp_path, "port = 4", line)
    message = mistake(lambda: parse(["--config", path], HOME))
    assert f"{path}, line 2" in message and wanted in message


def test_an_option_and_its_alias_in_one_file(mistake: Mistake, tmp_path: Path) -> None:
    path = file_with(tmp_path, "nodes = a", "node = b")
    assert "line 1" in mistake(lambda: parse(["--config", path], HOME))


def test_a_file_that_cannot_be_read(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("missing.conf", "."):
        line = mistake(lambda path=path: parse(["--config", path], HOME))  # type: ignore[misc]
        assert "--config" in line and repr(path) in line
    line = mistake(lambda: parse([], {"GSCHED_CONFIG": "missing.conf", **HOME}))
    assert "'missing.conf'" in line


# ------------------------------------------------------------------- not in this release yet


def test_values_of_today(source: Source) -> None:
    assert source("durability", "process") == DEFAULT
    assert source("ipv4_udp_multicast", "false") == DEFAULT
    assert source("node_certfile", "") == DEFAULT
    for host in ("localhost", "127.0.0.2", "::1", "[::1]", "LOCALHOST"):
        assert source("http_host", host).http_host == host.strip("[]")
