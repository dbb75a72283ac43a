"""Any order of events keeps every promise, under each of the four algorithms."""

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


class Weighted(AnyOrder):
    """The cluster that has used least for its weight goes first."""

    algorithm = "weighted"


TestSubmitted, TestFair, TestEarly = Submitted.TestCase, Fair.TestCase, Early.TestCase
TestWeighted = Weighted.TestCase
TestWeighted.settings = MACHINES
TestSubmitted.settings = TestFair.settings = TestEarly.settings = MACHINES
