"""`gschedctl drain`."""

from gsched.ctl import orders

COMMAND = orders.command(
    "drain",
    "Give no more jobs to nodes",
    orders.NODES,
    about="Jobs that run there go on. `gschedctl wait idle NODE` tells when they have ended.",
)
