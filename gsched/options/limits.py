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
        "NAT.",
        metavar="N",
        read=values.many,
        default="1024",
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
)
