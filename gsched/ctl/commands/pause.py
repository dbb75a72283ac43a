"""`gschedctl pause`."""

from argparse import ArgumentParser

from gsched.ctl import orders
from gsched.ctl.command import Command, Session


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    orders.add_targets(parser, "CLUSTER", orders.A_CLUSTER)
    orders.add_reason(parser)


def run(session: Session) -> int:
    """All that are named."""
    return orders.carry_out(session, "pause", orders.cluster)


COMMAND = Command(
    "pause",
    "Give no more jobs of clusters to nodes",
    run,
    arguments,
    about="Jobs that run go on, and clients may submit more.",
)
