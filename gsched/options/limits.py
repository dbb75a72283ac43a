"""Options that bound what one peer may take from the others."""

from gsched.options import values
from gsched.options.option import Option

_LIMITS = "Limits"

LIMITS: tuple[Option, ...] = (
    Option(
        "max_connections",
        _LIMITS,
        "Connections from clients and nodes at the same time. Beyond it, those that have said "
        "nothing for longest are closed. The system's limit of open files must be twice as much, "
        "else half of that counts.",
        metavar="N",
        read=values.many,
        default="4096",
    ),
    Option(
        "max_host_connections",
        _LIMITS,
        "The same for connections from one address, which may be that of a whole network behind "
        "NAT. Where more come at once than are served, as many more wait for their turn.",
        metavar="N",
        read=values.many,
        default="1024",
    ),
    Option(
        "max_message_memory",
        _LIMITS,
        "Memory for messages over 128 kB that arrive or wait to be read, half of it for those from "
        "one address, with suffix k, m, g or t; whoever brings more is disconnected, and so are "
        "messages larger than that half. 0 is half of the memory of this host, 1800m at least.",
        metavar="SIZE",
        read=values.size,
        default="0",
    ),
    Option(
        "allow_callback",
        _LIMITS,
        "Address or network, such as 10.0.0.0/8, at which clients may want to be called. Without "
        "it, each only at the address that it comes from, so that nobody looks for open ports "
        "through the scheduler. Repeat it for several. Needed for a client whose ip_addr= or "
        "ext_host= is another one than that of its connections.",
        metavar="NET",
        read=values.network,
        default=(),
        repeatable=True,
    ),
    Option(
        "allow_node_port",
        _LIMITS,
        "Port at which nodes may be called that clients or nodes themselves name, besides that of "
        "--node_port, those of --other_ports and those given with --nodes. Without it, nodes at "
        "other ports only where whoever names them is himself. Repeat it for several.",
        metavar="N",
        read=values.port,
        default=(),
        repeatable=True,
    ),
    Option(
        "max_datagrams",
        _LIMITS,
        "Datagrams that are looked at each second, at each port, half of them from one address; "
        "the others are dropped.",
        metavar="N",
        read=values.many,
        default="2000",
    ),
    Option(
        "max_log_lines",
        _LIMITS,
        "Lines of the log in ten minutes about mistakes of peers, a twenty-fifth of them about one "
        "address; one line says that there would be more.",
        metavar="N",
        read=values.many,
        default="500",
    ),
    Option(
        "max_client_effort",
        _LIMITS,
        "Per cent of the time for which large messages of the clients at one address are read, "
        "while all others wait; further ones wait for their turn. Those up to 4 kB do not count.",
        metavar="PERCENT",
        read=values.percent,
        default="10",
    ),
    Option(
        "max_client_clusters",
        _LIMITS,
        "Clusters of the clients at one address. One more is refused.",
        metavar="N",
        read=values.many,
        default="1000",
    ),
    Option(
        "max_client_allocations",
        _LIMITS,
        "Node allocations of the clients at one address, of each cluster 10,000 at the most. More "
        "are refused.",
        metavar="N",
        read=values.many,
        default="100000",
    ),
    Option(
        "max_client_jobs",
        _LIMITS,
        "Jobs of the clients at one address that wait, run, or have results that were not taken. "
        "One more is refused: submit returns None.",
        metavar="N",
        read=values.many,
        default="1000000",
    ),
    Option(
        "max_client_bytes",
        _LIMITS,
        "The same for what these take, arguments and results included, be it memory or, beyond "
        "--max_args_memory, disk; with suffix k, m, g or t; 0 is half of the memory of this host.",
        metavar="SIZE",
        read=values.size,
        default="0",
    ),
    Option(
        "max_args_memory",
        _LIMITS,
        "Memory for arguments of jobs, of all clients together, with suffix k, m, g or t; 0 is no "
        "limit. Those beyond it are on disk alone, in --dest_path_prefix, and read back shortly "
        "before their jobs are sent.",
        metavar="SIZE",
        read=values.size,
        default="256m",
    ),
    Option(
        "max_cluster_size",
        _LIMITS,
        "Size of all files that a cluster has here, with suffix k, m, g or t; 0 is no limit. A "
        "file beyond it is refused.",
        metavar="SIZE",
        read=values.size,
        default="0",
    ),
    Option(
        "history",
        _LIMITS,
        "How many jobs that have ended are kept for the page and the API, in a file of its own "
        "beside the state; 0 is none. A million takes about 200 MB.",
        metavar="N",
        read=values.number,
        default="1000000",
    ),
    Option(
        "max_spool_size",
        _LIMITS,
        "The same for the files of all clusters.",
        metavar="SIZE",
        read=values.size,
        default="0",
    ),
    Option(
        "min_free_disk",
        _LIMITS,
        "What files of clients have to leave free on the disk, with suffix k, m, g or t; 0 is "
        "nothing.",
        metavar="SIZE",
        read=values.size,
        default="256m",
    ),
)
