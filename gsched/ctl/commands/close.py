"""`gschedctl close`."""

from gsched.ctl import orders

COMMAND = orders.command(
    "close",
    "Take no more jobs of clusters, or leave nodes at once",
    orders.BOTH,
    about="A cluster that is closed goes once its client has the answers to all its jobs.\n\n"
    "Jobs at a node that is closed go elsewhere if they may run again, or end as Abandoned; resume"
    " takes it back.",
    question="Close {}? Jobs at a node are stopped.",
)
