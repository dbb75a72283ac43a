"""Options of how the program starts, and of what it says."""

from gsched.options import values
from gsched.options.option import Option

_START = "Starting"

STARTING: tuple[Option, ...] = (
    Option(
        "config",
        _START,
        "Read options from FILE. The command line and variables win over it.",
        metavar="FILE",
        read=values.text,
        default="",
        in_file=False,
    ),
    Option(
        "save_config",
        _START,
        "Write the options as given, from command line, variables and file together, to FILE "
        "and exit; without FILE to standard output. The result works with --config. It holds "
        "the secrets in clear, so that only its owner may read it (mode 0600).",
        metavar="FILE",
        read=values.text,
        default="",
        alone="-",
        in_variable=False,
        in_file=False,
    ),
    Option(
        "check_policy",
        _START,
        "Read a policy file, say what is wrong with it, and exit: 0 if it can be used, 2 if not.",
        metavar="FILE",
        read=values.path,
        default="",
        in_variable=False,
        in_file=False,
    ),
    Option("debug", _START, "Write debug messages that trace execution.", short="-d"),
    Option(
        "log_format",
        _START,
        "How the log is written, to standard error: text for people, or json, one object on each "
        "line, with time, level, logger, message, the exception if there is one, and job, cluster "
        "and node where it is about one. Instead of the greeting there is a line then, too.",
        metavar="text|json",
        read=values.choice("text", "json"),
        default="text",
    ),
    Option(
        "daemon",
        _START,
        "Do not read standard input. Without this, and with a terminal on standard input, a "
        "prompt takes commands (status, nodes, clusters, jobs, quit and more). A start in the "
        "background or under nohup is as with this option.",
    ),
    Option(
        "clean",
        _START,
        "Remove the files and the state that earlier runs saved, once, when starting.",
    ),
)
