"""The records of dispy that cross the wire, one small class each.

Each class names the global that stands for it in a pickle (`GLOBAL`) and its fields in the order
in which dispy writes them (`FIELDS`: name -> the types it may have). What a newer release adds
is kept in `extra` and written back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gsched.wire.errors import PeerError
from gsched.wire.filestat import BIG, StatResult
from gsched.wire.releases import Dialect
from gsched.wire.standins import StandIn

Types = tuple[type, ...]
NONE = type(None)
NUMBER: Types = (int, float)
TEXT: Types = (str, NONE)

EXTRA = "extra"
FUNCTION = ("dispy", "_Function")  # the old dialect's name, arguments and keywords to call it with
_MOST_FIELDS = 50  # of a record, with those that newer releases add

# What stands for fields of a computation that were not sent. The first two came within 4.8.
_UNSENT = {
    "exclusive": True,
    "node_ip_addr": None,
    "setup_args_count": 0,
    "client_reply_addr": None,
}

# Status of a job and of a node, as clients know them (protocol numbers, all releases).
CREATED, RUNNING, PROVISIONAL, CANCELLED, TERMINATED, ABANDONED, FINISHED = range(5, 12)
NODE_INITIALIZED, NODE_CLOSED, NODE_AVAIL_INFO = 4, 16, 17


class Record:
    """What all records share: filled from a pickle's state, then checked."""

    __slots__ = ()
    GLOBAL: ClassVar[tuple[str, str]]
    FIELDS: ClassVar[dict[str, Types]]

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict or len(state) > _MOST_FIELDS or {*map(type, state)} - {str}:
            raise PeerError(f"{self.GLOBAL[1]} without its fields, or with many others")
        fields = self.FIELDS
        extra: dict[str, Any] = {}
        for name, value in state.items():
            if name in fields:
                setattr(self, name, value)
            else:
                extra[name] = value
        setattr(self, EXTRA, extra)

    def check(self) -> None:
        """Raises PeerError, naming the field, unless each field is there with a type allowed."""
        for name, types in self.fields().items():
            value = getattr(self, name, Missing)
            if not isinstance(value, types):
                raise PeerError(f"{self.GLOBAL[1]}.{name} is {_kind(value)}")

    def fields(self) -> dict[str, Types]:
        """What it consists of, in the order in which it is written."""
        return self.FIELDS

    def items(self) -> dict[str, Any]:
        """Field by field, as it is written. Raises PeerError if it is not whole."""
        try:
            extra: dict[str, Any] = getattr(self, EXTRA)
            return {name: getattr(self, name) for name in self.fields()} | extra
        except AttributeError as error:
            raise PeerError(f"{self.GLOBAL[1]} without {error.name}") from error


class Missing:
    """Stands for a field that the peer left out."""


def _is_without(state: Any, *names: str) -> bool:
    """Whether a record's state lacks all of these fields."""
    return type(state) is dict and state.keys().isdisjoint(names)


def check_numbers(record: Record, *names: str) -> None:
    """Raises PeerError unless these fields are numbers of a sane size: no NaN, not infinite."""
    for name in names:
        if not -BIG < getattr(record, name) < BIG:
            raise PeerError(f"{record.GLOBAL[1]}.{name} is beyond all measure")


def _kind(value: Any) -> str:
    return "missing" if value is Missing else f"of type {type(value).__name__}"


@dataclass(slots=True, kw_only=True)
class XferFile(Record):
    """A file that a client, a job or the scheduler is about to send."""

    GLOBAL: ClassVar = ("dispy", "_XferFile")
    FIELDS: ClassVar = {
        "name": (str,),
        "dest_path": (str,),
        "compute_id": (int, str, NONE),
        "stat_buf": (StatResult,),
        "sep": (str,),
    }
    name: str
    dest_path: str
    compute_id: int | str | None
    stat_buf: StatResult
    sep: str
    extra: dict[str, Any] = field(default_factory=dict)

    # In the old dialect they come in sets. What they say is not there yet when they are put in.
    __hash__ = object.__hash__


@dataclass(slots=True, kw_only=True)
class Compute(Record):
    """A computation: what a client's cluster runs, and who is to be told about it.

    In the old dialect its files are a set, `setup` and `cleanup` are functions together with
    their arguments, which only nodes look into, and two fields are not there.
    """

    GLOBAL: ClassVar = ("dispy", "_Compute")
    FIELDS: ClassVar = {
        "type": (int,),
        "name": (str,),
        "id": (int, str, NONE),
        "code": (str,),
        "dest_path": TEXT,
        "xfer_files": (list,),
        "reentrant": (bool, int),
        "exclusive": (bool, int),
        "setup": TEXT,
        "cleanup": (bool, int, str, NONE),
        "setup_args_count": (int,),
        "scheduler_ip_addr": TEXT,
        "scheduler_port": (int, NONE),
        "node_ip_addr": TEXT,
        "auth": TEXT,
        "job_result_port": (int, NONE),
        "pulse_interval": (int, float, NONE),
        "client_reply_addr": (tuple, NONE),
    }
    type: int
    name: str
    id: int | str | None
    code: str
    dest_path: str | None
    xfer_files: list[XferFile] | set[XferFile]
    reentrant: bool
    exclusive: bool
    setup: str | StandIn | None
    cleanup: bool | str | StandIn
    setup_args_count: int
    scheduler_ip_addr: str | None
    scheduler_port: int | None
    node_ip_addr: str | None
    auth: str | None
    job_result_port: int | None
    pulse_interval: float | None
    client_reply_addr: tuple[str, int] | None
    dialect: Dialect = Dialect.NEW
    extra: dict[str, Any] = field(default_factory=dict)

    def __setstate__(self, state: Any) -> None:
        old = _is_without(state, "setup_args_count", "client_reply_addr")
        Record.__setstate__(self, _UNSENT | state if old else state)
        self.dialect = Dialect.OLD if old else Dialect.NEW

    def fields(self) -> dict[str, Types]:
        """As Record.fields, in its dialect."""
        return _OLD_COMPUTE if getattr(self, "dialect", None) is Dialect.OLD else self.FIELDS

    def check(self) -> None:
        """As Record.check, for its files and functions too."""
        Record.check(self)
        check_all(self.xfer_files, XferFile)
        for function in (self.setup, self.cleanup):
            origin = getattr(type(function), "origin", None)
            if isinstance(function, StandIn) and origin != FUNCTION:
                raise PeerError(f"{self.GLOBAL[1]} with something else than a function to call")


_OLD_COMPUTE: dict[str, Types] = Compute.FIELDS | {
    "xfer_files": (set,),
    "setup": (StandIn, NONE),
    "cleanup": (bool, int, StandIn, NONE),
}
del _OLD_COMPUTE["setup_args_count"], _OLD_COMPUTE["client_reply_addr"]


@dataclass(slots=True, kw_only=True)
class Job(Record):
    """A job as client and node see it. Arguments are pickles and stay so."""

    GLOBAL: ClassVar = ("dispy", "_DispyJob_")
    FIELDS: ClassVar = {
        "uid": (int, str, NONE),
        "hash": (str,),
        "compute_id": (int, str),
        "_args": (bytes,),
        "_kwargs": (bytes,),
        "xfer_files": (list,),
        "code": (str,),
    }
    uid: int | str | None
    hash: str
    compute_id: int | str
    _args: bytes
    _kwargs: bytes
    xfer_files: list[XferFile]
    code: str
    extra: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """As Record.check, for its files too."""
        Record.check(self)
        check_all(self.xfer_files, XferFile)


@dataclass(slots=True, kw_only=True)
class JobReply(Record):
    """What became of a job. The result is a pickle and stays so."""

    GLOBAL: ClassVar = ("dispy", "_JobReply")
    FIELDS: ClassVar = {
        "uid": (int, str),
        "hash": (str,),
        "ip_addr": TEXT,
        "status": (int,),
        "result": (bytes, NONE),
        "stdout": (str, bytes, NONE),
        "stderr": (str, bytes, NONE),
        "exception": (str, bytes, NONE),
        "start_time": NUMBER,
        "end_time": NUMBER,
    }
    uid: int | str
    hash: str
    ip_addr: str | None
    status: int
    result: bytes | None
    stdout: str | bytes | None = None
    stderr: str | bytes | None = None
    exception: str | bytes | None = None
    start_time: float = 0
    end_time: float = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """As Record.check; its times can be reckoned with."""
        Record.check(self)
        check_numbers(self, "start_time", "end_time")


@dataclass(slots=True, kw_only=True)
class DispyNode(Record):
    """A node as clients see it in NODE_STATUS."""

    GLOBAL: ClassVar = ("dispy", "DispyNode")
    FIELDS: ClassVar = {
        "ip_addr": (str,),
        "name": TEXT,
        "cpus": (int,),
        "avail_cpus": (int,),
        "busy": (int,),
        "jobs_done": (int,),
        "cpu_time": NUMBER,
        "tx": (int,),
        "rx": (int,),
        "update_time": NUMBER,
        "avail_info": (object,),
    }
    ip_addr: str
    name: str | None
    cpus: int
    avail_cpus: int
    busy: int = 0
    jobs_done: int = 0
    cpu_time: float = 0.0
    tx: int = 0
    rx: int = 0
    update_time: float = 0.0
    avail_info: "AvailInfo | None" = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class AvailInfo(Record):
    """What a node has to spare: CPU and swap in percent, memory and disk in bytes."""

    GLOBAL: ClassVar = ("dispy", "DispyNodeAvailInfo")
    FIELDS: ClassVar = {"cpu": NUMBER, "memory": NUMBER, "disk": NUMBER, "swap": NUMBER}
    cpu: float
    memory: int
    disk: int
    swap: float
    extra: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """As Record.check; its numbers can be reckoned with."""
        Record.check(self)
        check_numbers(self, *self.FIELDS)


@dataclass(slots=True, kw_only=True)
class NodeAllocate(Record):
    """Which nodes a cluster may use, and how many of their CPUs."""

    GLOBAL: ClassVar = ("dispy", "NodeAllocate")
    FIELDS: ClassVar = {
        "ip_addr": TEXT,
        "ip_rex": TEXT,
        "port": (int, NONE),
        "cpus": (int,),
        "depends": (list,),
        "setup_args": (tuple,),
    }
    ip_addr: str | None
    ip_rex: str | None
    port: int | None
    cpus: int
    depends: list[Any]
    setup_args: tuple[Any, ...]
    extra: dict[str, Any] = field(default_factory=dict)

    def __setstate__(self, state: Any) -> None:
        if _is_without(state, "depends", "setup_args"):  # as in the old dialect
            state = {"depends": [], "setup_args": ()} | state
        Record.__setstate__(self, state)


RECORDS: dict[tuple[str, str], type] = {
    cls.GLOBAL: cls
    for cls in (Compute, Job, JobReply, XferFile, DispyNode, AvailInfo, NodeAllocate, StatResult)
}


def check_all(values: Iterable[Any], cls: type[Record]) -> None:
    """Raises PeerError unless all values are whole records of that class."""
    for value in values:
        if type(value) is not cls:
            raise PeerError(f"{_kind(value)} where {cls.GLOBAL[1]} belongs")
        value.check()
