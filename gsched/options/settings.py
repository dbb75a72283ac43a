"""Settings: what the rest of the program knows of its options, and the checks across them."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gsched.options.secrecy import secrets
from gsched.options.values import CLIENTS_OFFSET, NODES_OFFSET, Node


@dataclass(frozen=True)
class Settings:
    """The options in the units of the program: bytes, seconds, numbers; None is "not at all".

    Secrets are not part of its repr.
    """

    debug: bool
    log_format: str
    """`text` or `json`."""
    daemon: bool
    clean: bool
    ip_addr: tuple[str, ...]
    """Addresses or names to use; empty: find out."""
    ext_ip_addr: tuple[str, ...]
    """What to announce instead, by position; see `addresses`."""
    port: int
    """UDP, and TCP for results. 0: any free one, as for `scheduler_port` and `http_port`."""
    scheduler_port: int
    node_port: int
    other_ports: tuple[int, ...]
    """Bases of the further layouts to serve, without repeats and without our own."""
    ipv4_udp_multicast: bool
    nodes: tuple[Node, ...]
    """(host, port or None for `node_port`) of the nodes to greet."""
    local_node: int | None
    """CPUs of the node to run on this host: 0 is all of them, None no node."""
    cooperative: bool
    cleanup_nodes: bool
    node_secret: str = field(repr=False)
    cluster_secret: str = field(repr=False)
    node_keyfile: Path | None
    node_certfile: Path | None
    cluster_keyfile: Path | None
    cluster_certfile: Path | None
    vault: bool
    vault_key: str = field(repr=False, compare=False)
    """64 hexadecimal digits, or a passphrase; empty: not given."""
    exposed: tuple[str, ...] = field(compare=False)
    """What is to be said of secrets that others can see."""
    algorithm: str
    """`submitted`, `fair`, `early` or `weighted`."""
    policy_file: Path | None
    max_exclusive: float | None
    """Seconds; None: without end."""
    check_policy: Path | None = field(compare=False)
    """Only say whether that file is right."""
    pulse_interval: float
    """Seconds."""
    ping_interval: float | None
    """Seconds; None: never."""
    zombie_interval: float | None
    """Seconds; None: never."""
    msg_timeout: float
    """Seconds."""
    dest_path_prefix: Path
    """Absolute; it need not exist yet."""
    max_file_size: int
    """Bytes; 0: no limit."""
    oversize_files: str
    """`truncate` or `refuse`."""
    durability: str
    """`off`, `process` or `power`."""
    grace_period: float
    """Seconds."""
    max_connections: int
    max_host_connections: int
    max_message_memory: int
    """Bytes; 0: half of the memory."""
    allow_callback: tuple[str, ...]
    """Networks."""
    allow_node_port: tuple[int, ...]
    max_datagrams: int
    """A second."""
    max_log_lines: int
    """In ten minutes."""
    max_client_effort: int
    """Per cent of the time."""
    max_client_clusters: int
    max_client_allocations: int
    max_client_jobs: int
    max_client_bytes: int
    """0: half of the memory."""
    max_args_memory: int
    """Bytes; 0: no limit."""
    max_cluster_size: int
    """Bytes of files; 0: no limit. The same for `max_spool_size`."""
    max_spool_size: int
    history: int
    """Jobs; 0: none."""
    min_free_disk: int
    """Bytes."""
    httpd: bool
    http_host: str
    http_port: int
    http_connections: int
    http_accounts: Path | None
    http_certfile: Path | None
    http_keyfile: Path | None
    http_name: tuple[str, ...]
    http_url: str
    http_read_only: bool

    @property
    def accounts(self) -> Path:
        """Where the accounts of the page are, if there are any."""
        return self.http_accounts or self.dest_path_prefix / "accounts"

    @property
    def api_socket(self) -> Path:
        """Where programs on this host reach the API of the server that has these settings."""
        return self.dest_path_prefix / "api.sock"

    @property
    def addresses(self) -> tuple[tuple[str | None, str | None], ...]:
        """Pairs of address to use (None: find out) and to announce (None: the same one)."""
        used: tuple[str | None, ...] = self.ip_addr or (None,)
        missing = len(used) - len(self.ext_ip_addr)
        return tuple(zip(used, (*self.ext_ip_addr, *[None] * missing), strict=True))


def build(
    values: Mapping[str, Any], origins: Mapping[str, str], environ: Mapping[str, str]
) -> Settings:
    """Settings from the value of every option.

    origins: for each option that was given, where (empty: on the command line).
    Raises ValueError, with the whole message, for options that do not go together.
    """
    merged = {**values, **_ports(values, origins), "algorithm": _algorithm(values, origins)}
    merged |= secrets(values, origins, environ)
    merged["other_ports"] = _other_ports(merged)
    if "dest_path_prefix" not in origins or merged["dest_path_prefix"] is None:
        merged["dest_path_prefix"] = _state_folder(environ)
    _check_pairs(merged, origins)
    _check_ports(merged, origins)
    return Settings(**{item.name: merged[item.name] for item in fields(Settings)})


def _ports(values: Mapping[str, Any], given: Collection[str]) -> dict[str, int]:
    """The ports that --dispy_port lays out, without those given by themselves."""
    base = values["dispy_port"]
    if base is None:
        return {}
    layout = {
        "port": base,
        "node_port": base + NODES_OFFSET,
        "scheduler_port": base + CLIENTS_OFFSET,
    }
    return {name: number for name, number in layout.items() if name not in given}


def _algorithm(values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    """How jobs are chosen; ValueError when two ways are asked for."""
    wanted = [way for way in ("fair", "early", "weighted") if values[f"{way}_cluster_scheduler"]]
    if len(wanted) > 1:
        both = " and ".join(named(f"{way}_cluster_scheduler", origins) for way in wanted)
        raise ValueError(f"{both} exclude each other: give only one")
    return wanted[0] if wanted else "submitted"


def _other_ports(merged: Mapping[str, Any]) -> tuple[int, ...]:
    """Each base once, and not the one whose ports are served anyway."""
    ours = (merged["port"], merged["scheduler_port"])
    bases = dict.fromkeys(merged["other_ports"])
    return tuple(base for base in bases if (base, base + CLIENTS_OFFSET) != ours)


def _state_folder(environ: Mapping[str, str]) -> Path:
    """Where files and state are kept by default, after the XDG base directory rules.

    ValueError when no home folder is known.
    """
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        state = Path(environ.get("HOME") or os.path.expanduser("~")) / ".local/state"
    if not state.is_absolute():
        raise ValueError("--dest_path_prefix: HOME is not set, so give a folder here")
    return state / "gsched"


def _check_pairs(merged: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    """ValueError when an external address has no own one to belong to.

    Without any -i there is one address, the default, so that one may have an external one.
    """
    own, external = max(len(merged["ip_addr"]), 1), len(merged["ext_ip_addr"])
    if external > own:
        label, values = named("ext_ip_addr", origins), ", ".join(merged["ext_ip_addr"])
        raise ValueError(
            f"{label}: {values!r} are {external} addresses for {own} of -i/--ip_addr; "
            "they pair by position, so give at most as many"
        )


def _check_ports(merged: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    """ValueError when two listeners of ours would share a TCP port."""
    names = ["port", "scheduler_port", *(["http_port"] if merged["httpd"] else [])]
    taken: dict[int, str] = {}
    for name in sorted(names, key=lambda name: name in origins):
        number = merged[name]
        if number and number in taken:
            label, other = named(name, origins), named(taken[number], origins)
            raise ValueError(f"{label}: {number} is {other} too, give another port")
        taken[number] = name


def named(name: str, origins: Mapping[str, str]) -> str:
    """The option for a message, with where it was given."""
    place = origins.get(name)
    return f"--{name} (in {place})" if place else f"--{name}"
