"""The one table of options, and `parse`, which makes Settings of it.

Command line, variables, file, help, the table of README.md and conf/gsched.conf all come from
OPTIONS. An option is added by a row here and a field in Settings.
"""

import sys
from collections.abc import Mapping
from typing import Any

from gsched import __version__
from gsched.options import sources, values
from gsched.options.limits import LIMITS
from gsched.options.option import Option
from gsched.options.page import PAGE
from gsched.options.prose import PROSE
from gsched.options.secrecy import SECRECY
from gsched.options.settings import Settings, build
from gsched.options.starting import STARTING

__all__ = ["OPTIONS", "Settings", "parse"]

_ADDRESSES = "Addresses"
_PORTS = "Ports"
_NODES = "Nodes"
_CHOICE = "Which job runs next"
_TIME = "Time"
_FILES = "Files and state"

OPTIONS: tuple[Option, ...] = (
    *STARTING,
    Option(
        "ip_addr",
        _ADDRESSES,
        "Name or address, IPv4 or IPv6, of this host to use. Repeat it for several interfaces. "
        "Without it, the address of the default host name is used or, where that is a loopback "
        "address, that of the interface that routes outward, or else 127.0.0.1, with a warning.",
        metavar="ADDR",
        read=values.host,
        default=(),
        default_shown="found out when starting",
        short="-i",
        aliases=("host",),
        repeatable=True,
    ),
    Option(
        "ext_ip_addr",
        _ADDRESSES,
        "Name or address that is announced to others instead, for a scheduler behind NAT. The "
        "first belongs to the first -i, the second to the second, and so on; without any -i, "
        "one belongs to the default address.",
        metavar="ADDR",
        read=values.host,
        default=(),
        default_shown="the addresses in use",
        aliases=("ext_host",),
        repeatable=True,
    ),
    Option(
        "port",
        _PORTS,
        "UDP and TCP port for messages of nodes and for job results; 0 picks a free one. It "
        "moves this port alone: to move all three, as -p of dispyscheduler 4.15 does, give "
        "--dispy_port.",
        metavar="N",
        read=values.own_port,
        default="51347",
        short="-p",
    ),
    Option(
        "scheduler_port",
        _PORTS,
        "TCP port for clients; 0 picks a free one.",
        metavar="N",
        read=values.own_port,
        default="51349",
    ),
    Option(
        "node_port",
        _PORTS,
        "Port at which nodes listen.",
        metavar="N",
        read=values.port,
        default="51348",
    ),
    Option(
        "dispy_port",
        _PORTS,
        "The three ports at once, as dispy 4.12 and later lay them out: --port is N, "
        "--node_port is N+1, --scheduler_port is N+2. One that is given by itself, wherever "
        "that is, stays as given.",
        metavar="N",
        read=values.base_port_or_none,
        default="none",
    ),
    Option(
        "other_ports",
        _PORTS,
        "Serve peers of dispy releases with other default ports too: clients at BASE+2, UDP of "
        "nodes at BASE, nodes at BASE+1. Repeat it for several; none switches it off. A port "
        "that is taken is a warning, not a failure.",
        metavar="BASE",
        read=values.base_port,
        default=("61590", "9700"),
        repeatable=True,
    ),
    Option(
        "ipv4_udp_multicast",
        _PORTS,
        "Find IPv4 nodes by multicast to 239.255.61.59 instead of broadcast, as nodes do that "
        "are started with the same option. IPv6 always uses multicast.",
    ),
    Option(
        "nodes",
        _NODES,
        "Greet this node when starting: a host name or address, with :port if it is not "
        "--node_port ([address]:port for IPv6). Repeat it for several. Needed only for nodes "
        "that are not on the same network. Those that do not answer are tried again, at "
        "growing intervals up to --ping_interval, but at least once a minute.",
        metavar="NODE",
        read=values.node,
        default=(),
        short="-n",
        aliases=("node",),
        repeatable=True,
    ),
    Option(
        "local_node",
        _NODES,
        "Run a dispynode on this host as well, watched and restarted, with this many CPUs; "
        "without a number, or with all, it has all of them. It needs dispy: "
        "pip install gsched[node].",
        metavar="CPUS",
        read=values.cpus,
        default="none",
        alone="all",
    ),
    Option(
        "cooperative",
        _NODES,
        "Clients may change how many CPUs of nodes are used. Exclusive clusters always may; "
        "without this option, the CPUs return to what they were after such a cluster.",
    ),
    Option(
        "cleanup_nodes",
        _NODES,
        "Nodes always remove the files of a computation: cleanup=False of clients becomes "
        "cleanup=True.",
    ),
    *SECRECY,
    Option(
        "fair_cluster_scheduler",
        _CHOICE,
        "Run the earliest job of the cluster that was scheduled least recently. Without this "
        "and the next option, the job that was submitted earliest of all runs next.",
    ),
    Option(
        "early_cluster_scheduler",
        _CHOICE,
        "Run the earliest job of the cluster that was created first. It excludes "
        "--fair_cluster_scheduler.",
    ),
    Option(
        "weighted_cluster_scheduler",
        _CHOICE,
        "Run the earliest job of the cluster that has used least CPU time, of which an hour ago "
        "counts half; clusters with the same name and client count as one. It excludes the other "
        "two.",
    ),
    Option(
        "policy_file",
        _CHOICE,
        "Rules in YAML that say what each kind of cluster may have: weight, priority, limits; see "
        "conf/policy.yaml. Read again on SIGHUP and by gschedctl policy reload; after a mistake "
        "in it, all stays as it was.",
        metavar="FILE",
        read=values.path,
        default="",
    ),
    Option(
        "max_exclusive",
        _CHOICE,
        "Seconds, at least 1, that a cluster waits for its turn because of an exclusive one, at "
        "work or first in the line; then it starts beside it. 0 is without end, as with "
        "dispyscheduler. Exclusive clusters themselves wait until they are alone.",
        metavar="SECONDS",
        read=values.ping_seconds,
        default="0",
    ),
    Option(
        "pulse_interval",
        _TIME,
        "Seconds, 1 to 600, between the pulses that nodes must send while a cluster is set up "
        "there. A node that is silent for five times as long then is dead: its jobs move to other "
        "nodes if their cluster is reentrant, else they are cancelled, with status Abandoned. One "
        "without a cluster says nothing; it is lost once messages do not reach it.",
        metavar="SECONDS",
        read=values.pulse_seconds,
        default="10",
    ),
    Option(
        "ping_interval",
        _TIME,
        "Seconds, at least 1, between repeated pings, which find nodes when earlier UDP "
        "messages were lost: broadcast on the local network, and point to point to the given "
        "nodes. 0 is never.",
        metavar="SECONDS",
        read=values.ping_seconds,
        default="60",
    ),
    Option(
        "zombie_interval",
        _TIME,
        "Minutes, at least 1, without any communication after which a client or a node is a "
        "zombie: the computation of such a client is deleted, the jobs of such a node are "
        "moved or cancelled as those of a dead one. 0 is never.",
        metavar="MINUTES",
        read=values.zombie_seconds,
        default="60",
    ),
    Option(
        "msg_timeout",
        _TIME,
        "Seconds, more than 0, that one socket operation with a client or node may take.",
        metavar="SECONDS",
        read=values.timeout_seconds,
        default="5",
    ),
    Option(
        "dest_path_prefix",
        _FILES,
        "Folder where files from clients and state are kept.",
        metavar="DIR",
        read=values.path,
        default="~/.local/state/gsched",
        default_shown="$XDG_STATE_HOME/gsched or else ~/.local/state/gsched",
    ),
    Option(
        "max_file_size",
        _FILES,
        "Maximum size of a file from a client, in bytes, or with a suffix k, m, g or t "
        "(1024 bytes, and so on); 0 is no limit. A larger file is cut to this size, and the "
        "client's log, the page and the log say so, unless --oversize_files is refuse.",
        metavar="SIZE",
        read=values.size,
        default="0",
    ),
    Option(
        "oversize_files",
        _FILES,
        "What to do with a file larger than --max_file_size: truncate it to that size, or "
        "refuse it, which gives the client an error.",
        metavar="truncate|refuse",
        read=values.choice("truncate", "refuse"),
        default="truncate",
    ),
    Option(
        "durability",
        _FILES,
        "What jobs and results survive: process is a crash of the scheduler, power is also one "
        "of the host (at the cost of waiting for the disk), off is neither.",
        metavar="off|process|power",
        read=values.choice("off", "process", "power"),
        default="process",
    ),
    Option(
        "grace_period",
        _FILES,
        "Seconds that jobs which run are waited for when a signal stops the scheduler. Those that "
        "run on are left to their nodes, and their results are taken at the next start; with "
        "--durability off all end at once.",
        metavar="SECONDS",
        read=values.grace_seconds,
        default="10",
    ),
    *LIMITS,
    *PAGE,
)


def parse(argv: list[str], environ: Mapping[str, str]) -> Settings:
    """As `read`, but says on standard error what is wrong, before it exits."""
    try:
        return read(argv, environ)
    except sources.Wrong as mistake:
        sys.stderr.write(f"gsched: {mistake.text}\n")
        raise


def read(argv: list[str], environ: Mapping[str, str]) -> Settings:
    """Settings from command line (without the program's name), variables, file and defaults.

    Raises Wrong on any mistake. Exits with 0 after --help, --version and --save_config.
    """
    given = sources.gather(OPTIONS, PROSE, argv, environ)
    found = {option.name: _value(option, given) for option in OPTIONS}
    try:
        settings = build(found, given.origins, environ)
    except ValueError as error:
        sources.fail(str(error))
    if found["save_config"]:
        title = f"Options of gsched {__version__}, written by --save_config."
        sources.save(OPTIONS, given, found["save_config"], title)
        sys.exit(0)
    return settings


def _value(option: Option, given: sources.Given) -> Any:
    """The value of `option`, given or default; exits when it is not allowed."""
    try:
        return option.value(given.raw.get(option.name, option.default))
    except ValueError as error:
        place = given.origins.get(option.name)
        sources.fail(f"{option.label}: {error}" + (f" (in {place})" if place else ""))
