"""All commands, in the order of the help."""

from gsched.ctl.command import Command
from gsched.ctl.commands import (
    add_node,
    cancel,
    close,
    clusters,
    completion,
    drain,
    events,
    job,
    jobs,
    nodes,
    pause,
    resume,
    set_cpus,
    status,
    terminate,
    wait,
    why,
)

COMMANDS: tuple[Command, ...] = (
    status.COMMAND,
    nodes.COMMAND,
    clusters.COMMAND,
    jobs.COMMAND,
    job.COMMAND,
    why.COMMAND,
    events.COMMAND,
    wait.COMMAND,
    cancel.COMMAND,
    pause.COMMAND,
    resume.COMMAND,
    drain.COMMAND,
    close.COMMAND,
    terminate.COMMAND,
    set_cpus.COMMAND,
    add_node.COMMAND,
    completion.COMMAND,
)
