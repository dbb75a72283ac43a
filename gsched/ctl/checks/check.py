"""What one look has shown, and what to do about it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

WELL, WARNING, WRONG = "ok", "warning", "failed"


@dataclass(frozen=True)
class Check:
    """The answer to one question."""

    about: str  # in a word or two
    result: str  # WELL, WARNING or WRONG
    told: str
    mend: str = ""  # what to do, unless all is well

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def unanswered(row: dict[str, Any]) -> Iterator[Check]:
    """Word of a node that is believed to be there, and has not been heard."""
    if row["heard"] is None and row["state"] != "lost":
        told = f"{row['address']} is known from the last run, has not answered yet"
        mend = f"is dispynode running there? gschedctl doctor {row['address']}"
        yield Check("node", WARNING, told, mend)


def judged(about: str, is_well: bool, told: str, mend: str, otherwise: str = WARNING) -> Check:
    """WELL, or `otherwise` with the mend."""
    return Check(about, WELL, told) if is_well else Check(about, otherwise, told, mend)
