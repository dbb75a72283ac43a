"""Options: from every source, in their order of precedence."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from option_cases import (
    BY_NAME,
    CASES,
    DEFAULT,
    HOME,
    SOURCES,
    Raw,
    Source,
    file_with,
    listed,
    own_home,
    variable,
    with_fields,
    words,
)

from gsched.options.table import OPTIONS, Settings, parse


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home(tmp_path, monkeypatch)


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """Gives an option through one of the three sources."""
    return partial(SOURCES[request.param], tmp_path)


# ---------------------------------------------------------------- the table and its defaults


def test_defaults() -> None:
    assert dataclasses.asdict(DEFAULT) == {
        "debug": False,
        "log_format": "text",
        "daemon": False,
        "clean": False,
        "ip_addr": (),
        "ext_ip_addr": (),
        "port": 51347,
        "scheduler_port": 51349,
        "node_port": 51348,
        "other_ports": (61590, 9700),
        "ipv4_udp_multicast": False,
        "nodes": (),
        "local_node": None,
        "cooperative": False,
        "cleanup_nodes": False,
        "node_secret": "",
        "cluster_secret": "",
        "node_keyfile": None,
        "node_certfile": None,
        "cluster_keyfile": None,
        "cluster_certfile": None,
        "vault": False,
        "vault_key": "",
        "exposed": (),
        "algorithm": "submitted",
        "policy_file": None,
        "max_exclusive": None,
        "check_policy": None,
        "pulse_interval": 10.0,
        "ping_interval": 60.0,
        "zombie_interval": 3600.0,
        "msg_timeout": 5.0,
        "dest_path_prefix": Path("/home/ada/.local/state/gsched"),
        "max_file_size": 0,
        "oversize_files": "truncate",
        "durability": "process",
        "grace_period": 10.0,
        "max_connections": 4096,
        "max_host_connections": 1024,
        "allow_callback": (),
        "allow_node_port": (),
        "max_message_memory": 0,
        "max_datagrams": 2000,
        "max_log_lines": 500,
        "max_client_effort": 10,
        "max_client_clusters": 1000,
        "max_client_allocations": 100_000,
        "max_client_jobs": 1_000_000,
        "max_client_bytes": 0,
        "max_args_memory": 256 * 1024**2,
        "max_cluster_size": 0,
        "max_spool_size": 0,
        "history": 1_000_000,
        "min_free_disk": 256 * 1024**2,
        "httpd": False,
        "http_host": "127.0.0.1",
        "http_port": 8181,
        "http_connections": 512,
        "http_accounts": None,
        "http_certfile": None,
        "http_keyfile": None,
        "http_name": (),
        "http_url": "",
        "http_read_only": False,
    }


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT.port = 1  # type: ignore[misc]


def test_repr_keeps_secrets() -> None:
    settings = parse(["--node_secret", "pears", "--cluster_secret", "plums"], HOME)
    assert settings.node_secret == "pears" and settings.cluster_secret == "plums"
    assert "pears" not in repr(settings) and "plums" not in repr(settings)


def test_every_row_has_a_field_and_a_case() -> None:
    own = {"config", "save_config", "check_policy"}
    files = {"node_secret_file", "cluster_secret_file", "vault_key_file"}  # see test_exposed
    merged = {"dispy_port", *(f"{x}_cluster_scheduler" for x in ("fair", "early", "weighted"))}
    fields = {field.name for field in dataclasses.fields(Settings)}
    made = {"algorithm", "exposed", "check_policy", "vault_key"}
    assert fields == set(BY_NAME) - own - merged - files | made
    assert set(CASES) == set(BY_NAME) - own - files


def test_names_are_unique_and_plain() -> None:
    spellings = [spelling for option in OPTIONS for spelling in option.spellings]
    assert len(spellings) == len(set(spellings))
    assert not [name for option in OPTIONS for name in option.long_names if "-" in name]


def test_defaults_are_values_like_any_other() -> None:
    for option in OPTIONS:
        option.value(option.default)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/s/gsched"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, "/h/.local/state/gsched"),
        ({"HOME": "/h", "XDG_STATE_HOME": ""}, "/h/.local/state/gsched"),
        ({"XDG_STATE_HOME": "/s"}, "/s/gsched"),
    ],
)
def test_state_folder(environ: dict[str, str], expected: str) -> None:
    assert parse([], environ).dest_path_prefix == Path(expected)


def test_state_folder_without_home(tmp_path: Path) -> None:
    assert parse([], {}).dest_path_prefix == tmp_path / ".local/state/gsched"


def test_paths_become_absolute(tmp_path: Path) -> None:
    assert parse(["--dest_path_prefix", "~/x"], HOME).dest_path_prefix == tmp_path / "x"
    assert parse(["--dest_path_prefix", "a/../b"], HOME).dest_path_prefix == tmp_path / "b"
    assert parse(["--dest_path_prefix", ""], HOME) == DEFAULT


# ------------------------------------------------------------------------- the three sources


@pytest.mark.parametrize(
    ("name", "raw", "changes"),
    [(name, raw, changes) for name, cases in CASES.items() for raw, changes in cases],
)
def test_each_option_from_each_source(
    source: Source, name: str, raw: Raw, changes: dict[str, Any]
) -> None:
    assert source(name, raw) == with_fields(**changes)


def spelled() -> list[tuple[str, str]]:
    """Every option with each of its long spellings, with underscores and with dashes."""
    return [
        (name, spelling)
        for name in CASES
        for long in BY_NAME[name].long_names
        for spelling in dict.fromkeys((long, long.replace("_", "-")))
    ]


@pytest.mark.parametrize(("name", "spelling"), spelled())
def test_each_spelling(name: str, spelling: str, tmp_path: Path) -> None:
    raw, changes = CASES[name][0]
    expected = with_fields(**changes)
    assert parse(words(f"--{spelling}", raw), HOME) == expected
    path = file_with(tmp_path, f"{spelling}={listed(raw)}")
    assert parse([f"--config={path}"], HOME) == expected


@pytest.mark.parametrize("name", [name for name in CASES if not BY_NAME[name].is_flag])
def test_value_as_next_word(name: str) -> None:
    for raw, changes in CASES[name]:
        if not str(raw).startswith("-"):
            values = [raw] if isinstance(raw, str) else raw
            argv = [word for value in values for word in (f"--{name}", value)]
            assert parse(argv, HOME) == with_fields(**changes)


@pytest.mark.parametrize("name", [name for name in CASES if BY_NAME[name].is_flag])
def test_flags(name: str, tmp_path: Path) -> None:
    on = with_fields(**CASES[name][0][1])
    assert parse([f"--{name}"], HOME) == on
    assert parse([f"--{name}", f"--{name}"], HOME) == on
    assert parse([f"--{name}=false"], variable(name, "true")) == DEFAULT
    path = file_with(tmp_path, f"{name} = true")
    assert parse(["--config", path], HOME) == on
    assert parse(["--config", path], variable(name, "No")) == DEFAULT
    assert parse(["--config", path, f"--{name}=off"], HOME) == DEFAULT


@pytest.mark.parametrize("name", [name for name in CASES if not BY_NAME[name].is_flag])
def test_precedence(name: str, tmp_path: Path) -> None:
    (low, low_changes), (high, high_changes) = CASES[name]
    for under, over, changes in ((low, high, high_changes), (high, low, low_changes)):
        path = file_with(tmp_path, f"{name} = {listed(under)}")
        expected = with_fields(**changes)
        assert parse(["--config", path], variable(name, over)) == expected
        assert parse(["--config", path, *words(f"--{name}", over)], HOME) == expected
        assert parse(words(f"--{name}", over), variable(name, under)) == expected
        bottom = file_with(tmp_path, f"{name} = 'rubbish of the file'")
        assert parse(["--config", bottom, *words(f"--{name}", over)], HOME) == expected


@pytest.mark.parametrize("given", [["-nalpha"], ["-n", "alpha"], ["-dnalpha", "--debug=no"]])
def test_a_list_replaces_that_of_the_source_below(given: list[str], tmp_path: Path) -> None:
    path = file_with(tmp_path, "nodes = [gamma, delta]")
    expected = with_fields(nodes=(("alpha", None),))
    assert parse([*given, "--config", path], variable("nodes", ["beta"])) == expected


@pytest.mark.parametrize("empty", ["none", "[]", "[ none ]"])
def test_none_empties_a_list(empty: str, tmp_path: Path) -> None:
    assert parse(["--other_ports", "none"], HOME).other_ports == ()
    assert parse([], {"GSCHED_OTHER_PORTS": empty, **HOME}).other_ports == ()
    path = file_with(tmp_path, "nodes = [alpha]")
    assert parse(["--config", path], {"GSCHED_NODES": empty, **HOME}) == DEFAULT
    path = file_with(tmp_path, f"nodes = {empty}")
    assert parse(["--config", path], HOME) == DEFAULT


def test_lists_of_variables() -> None:
    def nodes(value: str) -> tuple[str, ...]:
        return tuple(host for host, _ in parse([], {"GSCHED_NODES": value, **HOME}).nodes)

    assert nodes("alpha") == ("alpha",)
    assert nodes("[alpha, beta,gamma]") == ("alpha", "beta", "gamma")
    assert nodes("""["alpha", 'beta']""") == ("alpha", "beta")
    assert nodes("[::1]") == ("::1",)
    assert nodes("[::1]:7") == ("::1",)
    assert nodes("[[::1]:7, 10.0.0.1]") == ("::1", "10.0.0.1")


def test_config_from_the_environment(tmp_path: Path) -> None:
    path = file_with(tmp_path, "port = 1")
    environ = {"GSCHED_CONFIG": path, **HOME}
    assert parse([], environ).port == 1
    other = tmp_path / "other.conf"
    other.write_text("port = 2\n")
    assert parse([f"--config={other}"], environ).port == 2
    assert parse(["--config="], environ) == DEFAULT
    assert parse(["--config", "~/other.conf"], HOME).port == 2


def test_local_node_alone() -> None:
    assert parse(["--local_node"], HOME).local_node == 0
    assert parse(["--local_node", "--debug"], HOME) == with_fields(local_node=0, debug=True)
    assert parse(["--local_node", "2"], HOME).local_node == 2
    assert parse(["--local_node=none"], variable("local_node", "2")).local_node is None


def test_short_options() -> None:
    expected = with_fields(debug=True, port=5000, nodes=(("a", None), ("b", 7)), ip_addr=("h",))
    assert parse(["-d", "-p", "5000", "-n", "a", "-n", "b:7", "-i", "h"], HOME) == expected
    assert parse(["-p5000", "-na", "-nb:7", "-dih"], HOME) == expected
    assert parse(["-d=true", "-p=5000", "-n=a", "-n=b:7", "-i=h"], HOME) == expected


def test_the_last_of_a_repeated_option_counts() -> None:
    assert parse(["--port", "1", "-p", "2"], HOME).port == 2


DISPYSCHEDULER = (
    "-d -n node1 --node 10.1.1.1 -i 10.0.0.1 --host 10.0.0.2 --ext_host 198.51.100.1 "
    "--ext_host gate.example.org -p 9700 --node_secret s1 --cluster_secret s2 "
    "--pulse_interval 12.5 --ping_interval 30 --zombie_interval 10 --msg_timeout 7.5 "
    "--dest_path_prefix /var/spool/dispy --max_file_size 10M --clean --httpd "
    "--fair_cluster_scheduler --cooperative --cleanup_nodes --daemon"
)


def test_a_dispyscheduler_command_line() -> None:
    assert parse(DISPYSCHEDULER.split(), HOME) == with_fields(
        debug=True,
        nodes=(("node1", None), ("10.1.1.1", None)),
        ip_addr=("10.0.0.1", "10.0.0.2"),
        ext_ip_addr=("198.51.100.1", "gate.example.org"),
        port=9700,
        node_secret="s1",
        cluster_secret="s2",
        pulse_interval=12.5,
        ping_interval=30.0,
        zombie_interval=600.0,
        msg_timeout=7.5,
        dest_path_prefix=Path("/var/spool/dispy"),
        max_file_size=10 * 1024**2,
        clean=True,
        httpd=True,
        algorithm="fair",
        cooperative=True,
        cleanup_nodes=True,
        daemon=True,
    )


def test_empty_values_that_dispyscheduler_takes_for_not_given() -> None:
    empty = ["config", "save_config", "node_secret", "node_certfile", "cluster_keyfile"]
    assert parse([f"--{name}=" for name in empty], HOME) == DEFAULT


@pytest.mark.parametrize(
    ("size", "expected"),
    [("0", 0), ("7", 7), ("1k", 1024), ("1M", 1024**2), ("2g", 2 * 1024**3), ("1T", 1024**4)],
)
def test_sizes(size: str, expected: int) -> None:
    assert parse(["--max_file_size", size], HOME).max_file_size == expected


# ------------------------------------------------------------------------ options that meet


def test_dispy_port_leaves_ports_given_by_themselves(tmp_path: Path) -> None:
    expected = with_fields(port=7, node_port=20001, scheduler_port=9)
    argv = ["--dispy_port", "20000", "--config", file_with(tmp_path, "port = 7")]
    assert parse(argv, {"GSCHED_SCHEDULER_PORT": "9", **HOME}) == expected


def test_our_own_layout_is_not_served_twice() -> None:
    assert parse(["--dispy_port", "9700"], HOME).other_ports == (61590,)
    assert parse(["--port", "9700"], HOME).other_ports == (61590, 9700)


def test_addresses_pair_by_position() -> None:
    assert DEFAULT.addresses == ((None, None),)
    assert parse(["--ext_host", "x"], HOME).addresses == ((None, "x"),)
    argv = ["-i", "a", "-i", "b", "--ext_ip_addr", "x"]
    assert parse(argv, HOME).addresses == (("a", "x"), ("b", None))
    assert parse([*argv, "--ext_ip_addr", "y"], HOME).addresses == (("a", "x"), ("b", "y"))


def test_ports_that_may_be_equal() -> None:
    assert parse(["--port=0", "--scheduler_port=0"], HOME).port == 0
    assert parse(["--http_port", "51347"], HOME).http_port == 51347
    assert parse(["--node_port", "51347"], HOME).node_port == 51347


def test_parse_leaves_its_arguments_alone() -> None:
    argv, environ = ["-dp", "1", "--nodes=a"], {"GSCHED_NODES": "[a, b]", **HOME}
    parse(argv, environ)
    assert argv == ["-dp", "1", "--nodes=a"]
    assert environ == {"GSCHED_NODES": "[a, b]", **HOME}


def test_the_environment_of_the_process_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSCHED_PORT", "1")
    monkeypatch.setenv("GSCHED_BOGUS", "1")
    assert parse([], HOME) == DEFAULT
