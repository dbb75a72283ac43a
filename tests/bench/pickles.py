"""Pickles as CPython writes them for dispy, without dispy.

Made once per kind of message, so speed does not matter here: messages.py patches what differs.
"""

import io
import os
import pickle
from typing import Any

PROTOCOL = 5  # what peers on Python 3.8 and newer send


class Thing:
    """An object of one of dispy's classes: the class's name and the fields in their order."""

    name = ""
    fields: dict[str, Any]

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.fields = state

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (*object.__reduce_ex__(self, 2)[:2], self.fields)


class Compute(Thing):
    """A computation."""

    name = "_Compute"


class Job(Thing):
    """A job on its way."""

    name = "_DispyJob_"


class JobReply(Thing):
    """What became of a job."""

    name = "_JobReply"


class XferFile(Thing):
    """A file that is about to come."""

    name = "_XferFile"


class AvailInfo(Thing):
    """What a node has to spare."""

    name = "DispyNodeAvailInfo"


class Other(Thing):
    """Any other class; a scheduler's messages have some that no peer here looks into."""


THINGS = {cls.name: cls for cls in (Compute, Job, JobReply, XferFile, AvailInfo)}


class _Writer(pickle._Pickler):
    """Writes our classes under dispy's names."""

    def save_global(self, thing: Any, name: str | None = None) -> None:
        if not (isinstance(thing, type) and issubclass(thing, Thing)):
            super().save_global(thing, name)
            return
        self.save("dispy")
        self.save(thing.name)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(thing)

    def save_type(self, thing: type) -> None:
        self.save_global(thing)

    dispatch = pickle._Pickler.dispatch | {type: save_type}


class _Reader(pickle.Unpickler):
    """Reads what a scheduler sends: things, and what a file looks like; nothing else is made."""

    def find_class(self, module: str, name: str) -> type:
        return os.stat_result if name == "stat_result" else THINGS.get(name, Other)


def dumps(value: Any) -> bytes:
    """As pickle.dumps in a process that has dispy."""
    stream = io.BytesIO()
    _Writer(stream, PROTOCOL).dump(value)
    return stream.getvalue()


def loads(data: bytes) -> Any:
    """What a scheduler's pickle holds."""
    return _Reader(io.BytesIO(data)).load()
