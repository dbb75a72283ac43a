"""What has been used in one name. See ledger.py."""


class Account:
    """What the clusters of one name and client have used. `used` and `shown` are inflated."""

    __slots__ = ("advance", "clusters", "cpus", "kept", "label", "rate", "shown", "since", "used")

    def __init__(self, label: str, now: float, rate: float = 1.0) -> None:
        self.label = label
        self.used = 0.0
        self.shown = 0.0
        self.since = now  # `used` is right for that time
        self.rate = rate  # of inflation at that time
        self.cpus = 0  # in use
        self.advance = 0.0  # seconds that a job is expected to take; 0: not known
        self.clusters = 0  # that are open
        self.kept: tuple[float, float] | None = None  # what a restart is to know: CPU seconds, when
