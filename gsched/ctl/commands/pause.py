"""`gschedctl pause`."""

from gsched.ctl import orders

COMMAND = orders.command(
    "pause",
    "Give no more jobs of clusters to nodes",
    orders.CLUSTERS,
    about="Jobs that run go on, and clients may submit more.",
)
