"""`gschedctl resume`."""

from gsched.ctl import orders

COMMAND = orders.command(
    "resume",
    "Take back pause of clusters, and drain and close of nodes",
    orders.BOTH,
)
