"""Objects of classes that are not known here: kept as they were written, never brought to life.

A user's object in a pickle is a name of a class or function, the arguments it is made with, and
state to give it. A stand-in records those and nothing else: no module is imported, nothing of
the user's is called. `pickles.dumps` writes it back with the same name, arguments and state.
"""

from dataclasses import dataclass
from typing import Any
from weakref import ref

from gsched.wire.errors import PeerError

MAX_ARGUMENTS = 255  # they are copied for each object, even if all are made with the same ones


@dataclass(frozen=True, slots=True)
class Call:
    """A call with an object and a state for it."""

    function: "StandInType"
    argument: "ref[StandIn]"
    state: Any
    result: "ref[StandIn]"  # lives as long as somebody holds it


class StandInType(type):
    """The stand-in for a class or function that the pickle names: `origin` says which."""

    origin: tuple[str, str]

    def __call__(cls, *args: Any) -> "StandIn":
        """The pickle calls it (REDUCE): remember the call.

        Called with an object and a state, it may be meant to give the one to the other; that is
        so if the pickle then drops what it returns.
        """
        result = _made(Anonymous, ("reduce", cls, args))
        if len(args) == 2 and isinstance(args[0], StandIn):
            call = Call(cls, ref(args[0]), args[1], ref(result))
            args[0].steps.append(("call", call))
        return result


class StandIn(metaclass=StandInType):
    """One object that the pickle makes. The decoder calls the methods below.

    `made` tells how: ("newobj", class, args), ("newobj_ex", class, args, kwargs) or
    ("reduce", what is called, args). `steps` are what is done to it afterwards, in order:
    ("state", state), ("items", [item ...]), ("pairs", [(key, value) ...]), ("members", [...]),
    ("call", Call).
    """

    __slots__ = ("__weakref__", "made", "steps")
    made: tuple[Any, ...]
    steps: list[tuple[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> "StandIn":
        """The pickle makes an instance (NEWOBJ): remember of what and with what."""
        made = ("newobj_ex", cls, args, kwargs) if kwargs else ("newobj", cls, args)
        return _made(cls, made)

    def __call__(self, *args: Any) -> "StandIn":
        return _made(Anonymous, ("reduce", self, args))

    def __setstate__(self, state: Any) -> None:
        self.steps.append(("state", state))

    def extend(self, items: list[Any]) -> None:
        """The pickle appends to it: it is some kind of list."""
        self.steps.append(("items", list(items)))

    def append(self, item: Any) -> None:
        """As `extend`, with one item."""
        self.steps.append(("items", [item]))

    def add(self, member: Any) -> None:
        """The pickle adds to it: it is some kind of set."""
        self.steps.append(("members", [member]))

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.steps and self.steps[-1][0] == "pairs":
            self.steps[-1][1].append((key, value))
        else:
            self.steps.append(("pairs", [(key, value)]))

    def state(self) -> dict[str, Any]:
        """Its attributes, as far as the pickle gives them in the usual form; else empty."""
        for kind, value in self.steps:
            if kind == "state" and isinstance(value, dict):
                return value
        return {}


class Anonymous(StandIn):
    """What a call returned: its class is not known."""

    __slots__ = ()


def _made(cls: type[StandIn], how: tuple[Any, ...]) -> StandIn:
    if any(len(part) > MAX_ARGUMENTS for part in how[2:]):
        raise PeerError(f"pickle makes an object with more than {MAX_ARGUMENTS} arguments")
    made = object.__new__(cls)
    made.made, made.steps = how, []
    return made


def stand_in(module: str, name: str) -> StandInType:
    """A new stand-in for the class or function `name` of `module`."""
    return StandInType("StandIn", (StandIn,), {"__slots__": (), "origin": (module, name)})
