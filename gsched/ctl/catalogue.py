"""All commands, in the order of the help."""

from gsched.ctl.command import Command
from gsched.ctl.commands import clusters, job, jobs, nodes, status, why

COMMANDS: tuple[Command, ...] = (
    status.COMMAND,
    nodes.COMMAND,
    clusters.COMMAND,
    jobs.COMMAND,
    job.COMMAND,
    why.COMMAND,
)
