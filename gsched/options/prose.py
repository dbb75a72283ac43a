"""The texts around the options: before and after them in the help, and atop the file."""

from dataclasses import dataclass

from gsched import __version__


@dataclass(frozen=True)
class Prose:
    """The texts around the options in the help."""

    program: str
    version: str
    description: str
    epilog: str


_DESCRIPTION = """\
A shared job scheduler for dispy: many programs submit jobs, many machines run
them, and this decides which job runs where. It needs no change to clients
(dispy.SharedJobCluster) or nodes (dispynode), and takes the command lines of
dispyscheduler 4.15. All options may be left out.

Each option may be given
  on the command line   --pulse_interval 20   (or --pulse-interval=20)
  as a variable         GSCHED_PULSE_INTERVAL=20
  in the file that --config names   pulse_interval = 20
The command line wins over variables, they win over the file, and that over the
default. An option that may be repeated is written [a, b] in a variable or the
file; the list of the winner replaces the others, and none empties it. A flag
that a variable or the file sets is switched off by --flag=false."""

_EPILOG = """\
Examples:
  gsched
      Find the nodes on this network and serve clients on it.
  gsched --httpd --nodes far.example.org --nodes 10.1.2.3:51348
      Also greet two nodes elsewhere, and show all on http://127.0.0.1:8181/.
  GSCHED_NODE_SECRET=pears GSCHED_CLUSTER_SECRET=plums gsched --daemon
      Work only with nodes and clients that know the secrets, as a service.
  gsched -i 192.168.1.5 --ext_ip_addr gate.example.org
      Behind NAT: use one address, announce another.
  gsched --dispy_port 20000 --other_ports none
      Use ports 20000 (nodes' messages), 20001 (nodes) and 20002 (clients) only.
  gsched --fair_cluster_scheduler --save_config gsched.conf
  gsched --config gsched.conf
      Keep options in a file, and use it.

Other commands, each with a --help of its own:
  gsched passwd, gsched token   accounts for the page and its API
  gsched rekey                  another key for what --vault encrypts, or none
  gsched simulate               compare the algorithms on a workload"""

PROSE = Prose("gsched", __version__, _DESCRIPTION, _EPILOG)

FILE_HEADER = """\
Options of gsched, all of them, each commented out at its default. To use the file: remove
the # before the options to change, and start `gsched --config` with its name.

A comment has a line of its own; everything after = belongs to the value. A value with blanks
at its ends goes in quotes, "like this ", in which \\" is a quote and \\\\ a backslash. An
option that may be repeated takes a list, as in [alpha, beta:51348]; none empties it. Names
may have dashes for underscores. The command line and variables win over this file. If it
holds secrets, make sure that only its owner can read it: chmod 600."""
