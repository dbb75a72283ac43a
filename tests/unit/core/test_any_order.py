"""Any order of events keeps every promise, under each of the three algorithms."""

from .machine import AnyOrder
from .profiles import MACHINES


class Submitted(AnyOrder):
    """The job submitted earliest goes first."""

    algorithm = "submitted"


class Fair(AnyOrder):
    """The cluster that waits longest for its turn goes first."""

    algorithm = "fair"


class Early(AnyOrder):
    """The cluster created first goes first."""

    algorithm = "early"


TestSubmitted, TestFair, TestEarly = Submitted.TestCase, Fair.TestCase, Early.TestCase
TestSubmitted.settings = TestFair.settings = TestEarly.settings = MACHINES
