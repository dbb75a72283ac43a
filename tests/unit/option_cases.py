"""What the tests of the options share: values for each, right and wrong, and ways to give them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from gsched.options.table import OPTIONS, Settings, parse

HOME = {"HOME": "/home/ada"}
BY_NAME = {option.name: option for option in OPTIONS}
Raw = str | list[str]

# Option -> two ways to give it, neither the default, each with the fields it changes.
CASES: dict[str, list[tuple[Raw, dict[str, Any]]]] = {
    "debug": [("true", {"debug": True}), ("Yes", {"debug": True})],
    "log_format": [("json", {"log_format": "json"})] * 2,
    "daemon": [("on", {"daemon": True}), ("1", {"daemon": True})],
    "clean": [("true", {"clean": True}), ("TRUE", {"clean": True})],
    "ip_addr": [
        (["10.0.0.1", "alpha.example.org"], {"ip_addr": ("10.0.0.1", "alpha.example.org")}),
        (["beta", "[fd00::1]", "fe80::1"], {"ip_addr": ("beta", "fd00::1", "fe80::1")}),
    ],
    "ext_ip_addr": [
        (["1.2.3.4"], {"ext_ip_addr": ("1.2.3.4",)}),
        (["[2001:db8::1]"], {"ext_ip_addr": ("2001:db8::1",)}),
    ],
    "port": [("65535", {"port": 65535}), ("0", {"port": 0})],
    "scheduler_port": [("1", {"scheduler_port": 1}), ("0", {"scheduler_port": 0})],
    "node_port": [("1", {"node_port": 1}), ("65535", {"node_port": 65535})],
    "dispy_port": [
        ("20000", {"port": 20000, "node_port": 20001, "scheduler_port": 20002}),
        ("65533", {"port": 65533, "node_port": 65534, "scheduler_port": 65535}),
    ],
    "other_ports": [
        (["1", "65533", "1"], {"other_ports": (1, 65533)}),
        (["none"], {"other_ports": ()}),
    ],
    "ipv4_udp_multicast": [
        ("true", {"ipv4_udp_multicast": True}),
        ("on", {"ipv4_udp_multicast": True}),
    ],
    "nodes": [
        (
            ["alpha", "beta:1", "10.0.0.7:51348", "[::1]:65535", "[fe80::1]", "fe80::2"],
            {
                "nodes": (
                    ("alpha", None),
                    ("beta", 1),
                    ("10.0.0.7", 51348),
                    ("::1", 65535),
                    ("fe80::1", None),
                    ("fe80::2", None),
                )
            },
        ),
        (["my_node-2.local"], {"nodes": (("my_node-2.local", None),)}),
    ],
    "local_node": [("4", {"local_node": 4}), ("all", {"local_node": 0})],
    "cooperative": [("true", {"cooperative": True}), ("yes", {"cooperative": True})],
    "cleanup_nodes": [("true", {"cleanup_nodes": True}), ("yes", {"cleanup_nodes": True})],
    "vault": [("true", {"vault": True}), ("on", {"vault": True})],
    "node_secret": [("a # b", {"node_secret": "a # b"}), ("[é]", {"node_secret": "[é]"})],
    "cluster_secret": [("-x=1", {"cluster_secret": "-x=1"}), ("none", {"cluster_secret": "none"})],
    **{
        name: [("/a b.pem", {name: Path("/a b.pem")}), ("/etc/x", {name: Path("/etc/x")})]
        for name in ("node_keyfile", "node_certfile", "cluster_keyfile", "cluster_certfile")
    },
    "fair_cluster_scheduler": [("true", {"algorithm": "fair"}), ("1", {"algorithm": "fair"})],
    "early_cluster_scheduler": [("true", {"algorithm": "early"}), ("1", {"algorithm": "early"})],
    "weighted_cluster_scheduler": [("true", {"algorithm": "weighted"})],
    "policy_file": [("/etc/a b.yaml", {"policy_file": Path("/etc/a b.yaml")})] * 2,
    "pulse_interval": [("1", {"pulse_interval": 1.0}), ("600", {"pulse_interval": 600.0})],
    "max_exclusive": [("90", {"max_exclusive": 90.0}), ("0", {"max_exclusive": None})],
    "ping_interval": [("1.5", {"ping_interval": 1.5}), ("0", {"ping_interval": None})],
    "zombie_interval": [("1.5", {"zombie_interval": 90.0}), ("0", {"zombie_interval": None})],
    "msg_timeout": [(".5", {"msg_timeout": 0.5}), ("30", {"msg_timeout": 30.0})],
    "durability": [("off", {"durability": "off"}), ("power", {"durability": "power"})],
    "grace_period": [("0", {"grace_period": 0.0}), ("2.5", {"grace_period": 2.5})],
    "dest_path_prefix": [
        ("/srv/a b", {"dest_path_prefix": Path("/srv/a b")}),
        ("/tmp", {"dest_path_prefix": Path("/tmp")}),
    ],
    "max_file_size": [("10k", {"max_file_size": 10240}), ("3G", {"max_file_size": 3 * 1024**3})],
    "oversize_files": [("refuse", {"oversize_files": "refuse"})] * 2,
    "max_connections": [("1", {"max_connections": 1}), ("9999", {"max_connections": 9999})],
    "max_host_connections": [
        ("1", {"max_host_connections": 1}),
        ("50", {"max_host_connections": 50}),
    ],
    "allow_callback": [
        (["10.0.0.0/8", "192.0.2.7"], {"allow_callback": ("10.0.0.0/8", "192.0.2.7/32")}),
        (["fd00::/8"], {"allow_callback": ("fd00::/8",)}),
    ],
    "allow_node_port": [
        (["1", "65535"], {"allow_node_port": (1, 65535)}),
        (["51348"], {"allow_node_port": (51348,)}),
    ],
    "max_message_memory": [("64m", {"max_message_memory": 64 * 1024**2})] * 2,
    "max_datagrams": [("1", {"max_datagrams": 1})] * 2,
    "max_log_lines": [("1", {"max_log_lines": 1})] * 2,
    "max_client_effort": [("1", {"max_client_effort": 1}), ("100", {"max_client_effort": 100})],
    "max_client_clusters": [("1", {"max_client_clusters": 1})] * 2,
    "max_client_allocations": [("1", {"max_client_allocations": 1})] * 2,
    "max_client_jobs": [("1", {"max_client_jobs": 1})] * 2,
    "max_client_bytes": [("2g", {"max_client_bytes": 2 * 1024**3})] * 2,
    "max_args_memory": [("3m", {"max_args_memory": 3 * 1024**2})] * 2,
    "max_cluster_size": [("1k", {"max_cluster_size": 1024})] * 2,
    "max_spool_size": [("7", {"max_spool_size": 7})] * 2,
    "history": [("7", {"history": 7}), ("0", {"history": 0})],
    "min_free_disk": [("0", {"min_free_disk": 0}), ("1G", {"min_free_disk": 1024**3})],
    "httpd": [("true", {"httpd": True}), ("yes", {"httpd": True})],
    "http_host": [("::1", {"http_host": "::1"}), ("127.9.9.9", {"http_host": "127.9.9.9"})],
    "http_connections": [("1", {"http_connections": 1})] * 2,
    "http_port": [("80", {"http_port": 80}), ("0", {"http_port": 0})],
    "http_accounts": [("/a/b", {"http_accounts": Path("/a/b")})] * 2,
    "http_certfile": [("/a/cert", {"http_certfile": Path("/a/cert")})] * 2,
    "http_keyfile": [("/a/key", {"http_keyfile": Path("/a/key")})] * 2,
    "http_name": [
        (["gs.example.org"], {"http_name": ("gs.example.org",)}),
        (["a", "[::1]"], {"http_name": ("a", "::1")}),
    ],
    "http_url": [
        ("https://gs.example.org/below/", {"http_url": "https://gs.example.org/below/"}),
        ("http://[::1]:8080", {"http_url": "http://[::1]:8080"}),
    ],
    "http_read_only": [("true", {"http_read_only": True})] * 2,
}
AWKWARD = [
    "#",
    "a # b",
    "# a",
    " leading",
    "trailing ",
    "\ttabs\t",
    "'single'",
    '"double"',
    "it's",
    'say "hi"',
    "back\\slash",
    "ends in \\",
    '\\"',
    "\\\\",
    "[a, b]",
    "[",
    "]",
    "a,b",
    "a = b",
    "=",
    "none",
    "true",
    "",
    " ",
    "--port=1",
    "-x",
    "ключ",
    "密码🔑",
    "é\u0301",
    "\u00a0nbsp\u00a0",
    "\u2028line separator\u2029",
    "\x0b\x0c\x1c\x85",
    "\ufeffmark",
    "$HOME %s {x} `y`",
    "not utf-8: \udcff\udc80",
    "x" * 5000,
]
"""Text that a file might mistake for something else."""

one_line = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]))
"""Any text without a line break."""

WRONG: dict[str, list[str]] = {
    "debug": ["maybe", "", "2"],
    "ip_addr": ["", "a b", "300.1.1.1", "1.2.3", "a,b", "-a", "x:y", "[::1", "a..b", "h" * 64],
    "ext_ip_addr": ["", "http://x"],
    "port": ["65536", "-1", "", "x", "1.5", "5_0", " 5", "٣", "1e3", "9" * 5000],
    "scheduler_port": ["65536", "-1"],
    "node_port": ["0", "65536"],
    "dispy_port": ["0", "65534", "x"],
    "other_ports": ["0", "65534", "x"],
    "http_port": ["65536", "-1"],
    "http_connections": ["0", "x"],
    "nodes": ["", "a:", "a:0", "a:65536", "a:b:c", "[::1]:x", "[x]", "a b", ":1", "[::1]x", "[1]2"],
    "local_node": ["0", "-1", "many", "10000", ""],
    "pulse_interval": ["0", "0.9", "600.1", "nan", "inf", "", "x", "-5", "1e2"],
    "max_exclusive": ["0.5", "-1", "never", ""],
    "ping_interval": ["0.9", "-1", "x", ""],
    "zombie_interval": ["0.9", "-1", "x", ""],
    "msg_timeout": ["0", "-1", "0.0", "inf"],
    "max_file_size": ["-1", "k", "1kb", "1.5m", "", "x", "1 m"],
    "oversize_files": ["", "Truncate", "cut"],
    "durability": ["on", ""],
    "grace_period": ["-1", "x", "", "inf"],
    "max_connections": ["0", "-1", "x", "", "1k"],
    "max_host_connections": ["0", "1000000000"],
    "allow_callback": ["", "x", "10.0.0.1/8", "10.0.0.0/33", "any"],
    "allow_node_port": ["0", "65536", "x", ""],
    "max_message_memory": ["-1", "x"],
    "max_datagrams": ["0", "x"],
    "max_log_lines": ["0", "x"],
    "max_client_effort": ["0", "101", "10%", "0.5"],
    "max_client_clusters": ["0", "x"],
    "max_client_allocations": ["0", "x"],
    "max_client_jobs": ["0", "x"],
    "max_client_bytes": ["-1", "x"],
    "max_args_memory": ["-1", "x"],
    "max_cluster_size": ["-1", "x"],
    "max_spool_size": ["-1", "x"],
    "history": ["-1", "x", "1.5"],
    "min_free_disk": ["-1", "x"],
    "http_host": ["", "a b"],
    "fair_cluster_scheduler": ["maybe"],
    "weighted_cluster_scheduler": ["maybe"],
}


DEFAULT = parse([], HOME)


def with_fields(**changes: Any) -> Settings:
    """The default settings with these fields changed."""
    return dataclasses.replace(DEFAULT, **changes)


def listed(raw: Raw) -> str:
    """A value as a file has it, always quoted."""
    if isinstance(raw, list):
        return "[" + ", ".join(f"'{element}'" for element in raw) + "]"
    return f"'{raw}'"


def words(option: str, raw: Raw) -> list[str]:
    """A value as the command line has it."""
    return [f"{option}={one}" for one in ([raw] if isinstance(raw, str) else raw)]


def variable(name: str, raw: Raw) -> dict[str, str]:
    """A value as the environment has it."""
    return {**HOME, "GSCHED_" + name.upper(): raw if isinstance(raw, str) else listed(raw)}


def file_with(folder: Path, *lines: str) -> str:
    """The path of a configuration file with these lines."""
    path = folder / "test.conf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def _from_file(folder: Path, name: str, raw: Raw) -> Settings:
    """The settings when a file gives the option."""
    return parse(["--config", file_with(folder, f"{name} = {listed(raw)}")], HOME)


SOURCES: dict[str, Callable[[Path, str, Raw], Settings]] = {
    "command line": lambda folder, name, raw: parse(words(f"--{name}", raw), HOME),
    "variable": lambda folder, name, raw: parse([], variable(name, raw)),
    "file": _from_file,
}
"""Where options come from -> the settings when it gives one, with a folder to put a file in."""

Source = Callable[[str, Raw], Settings]
Mistake = Callable[[Callable[[], object]], str]


def refusal(capsys: pytest.CaptureFixture[str], attempt: Callable[[], object]) -> str:
    """The one line on standard error of what must exit with 2."""
    with pytest.raises(SystemExit) as exit_:
        attempt()
    out, err = capsys.readouterr()
    assert exit_.value.code == 2
    assert out == ""
    assert err.startswith("gsched: ") and err.endswith("\n")
    assert len(err.splitlines()) == 1, err
    return err


def own_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `folder` the home and current folder, for tests that do not see the caller's."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(folder)
