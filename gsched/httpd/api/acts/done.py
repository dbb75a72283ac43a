"""What the answers to orders have in common."""

from collections.abc import Callable
from typing import Any

from gsched.httpd.api.asking import Row
from gsched.net.keeping.keeper import Keeping, NotKept


def settle(keeper: Keeping) -> str:
    """Wait until what was done is kept; why it is not."""
    try:
        keeper.settled()
    except NotKept as error:
        return str(error)
    return ""


def as_ordered(event: Callable[..., Any]) -> Callable[..., Any]:
    """A client's event as an order: the core is not told who gave it, nor why."""
    return lambda *about: event(*about[:-3], about[-1])


def undo_by(path: str, method: str = "POST", **body: Any) -> Row:
    """The request that takes an order back."""
    return {"method": method, "path": f"/api/v1{path}", "body": body}
