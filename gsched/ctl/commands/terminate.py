"""`gschedctl terminate`."""

from argparse import ArgumentParser

from gsched.ctl import orders
from gsched.ctl.command import Command, Session


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    orders.add_targets(parser, "CLUSTER", orders.A_CLUSTER)
    orders.add_reason(parser)
    orders.add_yes(parser)


def run(session: Session) -> int:
    """All that are named."""
    return orders.carry_out(
        session, "terminate", orders.cluster, "Terminate {} with all jobs, for good?"
    )


COMMAND = Command(
    "terminate",
    "End clusters with all their jobs",
    run,
    arguments,
    about="",
)
