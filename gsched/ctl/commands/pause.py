"""`gschedctl pause`."""

from argparse import ArgumentParser

from gsched.ctl import orders
from gsched.ctl.command import Command, Session


def arguments(parser: ArgumentParser) -> None:
    """Of this command."""
    parser.add_argument(
        "targets", nargs="+", metavar="CLUSTER", help="a cluster's id, label or name"
    )
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
