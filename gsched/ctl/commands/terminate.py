"""`gschedctl terminate`."""

from gsched.ctl import orders

COMMAND = orders.command(
    "terminate",
    "End clusters with all their jobs",
    orders.CLUSTERS,
    question="Terminate {} with all jobs, for good?",
)
