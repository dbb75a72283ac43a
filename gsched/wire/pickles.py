"""Pickles without their power: decoding runs and imports nothing.

`loads` knows the records of dispy (records.py) and plain values; any other class or function in
the pickle becomes an inert stand-in (standins.py). `dumps` writes plain values, records and
stand-ins in protocol 4, which all Pythons from 3.4 on read, so what came in goes out again
unchanged. Job arguments and results are bytes inside a record: nobody here decodes those.
"""

import io
import pickle  # nosec B403  # with no power left: see the text above
from typing import Any

from gsched.wire.encoder import Encoder
from gsched.wire.errors import PeerError
from gsched.wire.opcodes import scan
from gsched.wire.records import RECORDS
from gsched.wire.standins import StandInType, stand_in
from gsched.wire.weights import FEW_OPCODES, FEW_REFERENCES, weigh

# No options: a decoder that takes more than any honest peer sends is of use to nobody.
MAX_OPCODES = 100_000
MAX_CLASSES = 1_000
WITHIN = 10  # levels of what peers have sent, at the most, around it where it is kept or passed on
PYTHON_2 = 2  # the newest protocol there
_PROTOCOL_MARK = b"\x80"

# What CPython's decoder raises on bytes that are no pickle, or one that makes no sense.
_BROKEN = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    UnicodeError,
    ValueError,
)


class _Decoder(pickle.Unpickler):
    """Finds records and stand-ins where pickle would import."""

    def __init__(self, data: bytes, plain: bool, most_classes: int) -> None:
        super().__init__(io.BytesIO(data))
        self._plain = plain
        self._most_classes = most_classes
        self._classes: dict[tuple[str, str], StandInType] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        key = (module, name)
        if self._plain:
            raise PeerError("a class in a message of plain values")
        if key in RECORDS:
            return RECORDS[key]
        if key not in self._classes:
            if len(self._classes) == self._most_classes:
                raise PeerError(f"pickle names more than {MAX_CLASSES} classes")
            self._classes[key] = stand_in(module, name)
        return self._classes[key]


def loads(data: bytes, *, plain: bool = False, max_opcodes: int = MAX_OPCODES) -> Any:
    """What the pickle holds.

    With `plain`, classes are refused. Raises PeerError on anything that is not one whole
    pickle within the limits; nothing else.
    """
    opcodes, references = scan(data, max_opcodes)
    if references > FEW_REFERENCES or opcodes > FEW_OPCODES:
        weigh(data)
    return _load(_Decoder(data, plain, MAX_CLASSES))


def loads_own(data: bytes) -> Any:
    """What a pickle of ours holds, which may be put together from many that were in their limits.

    Raises PeerError if it is damaged.
    """
    scan(data, len(data))
    return _load(_Decoder(data, False, len(data)))


def _load(decoder: _Decoder) -> Any:
    try:
        return decoder.load()
    except _BROKEN as error:
        raise PeerError(f"broken pickle: {type(error).__name__}") from error


def protocol(data: bytes) -> int:
    """The protocol of a pickle: 4 until Python 3.7, 5 since 3.8, for dispy takes the newest."""
    return data[1] if data[:1] == _PROTOCOL_MARK and len(data) > 1 else 0


def dumps(value: Any) -> bytes:
    """The value as a pickle of protocol 4.

    Raises PeerError if it is nested deeper than any peer's honest object, and TypeError for
    values of ours that have no place on the wire.
    """
    return Encoder().encode(value)


def check(value: Any) -> None:
    """Raises PeerError unless it can be kept and passed on, as part of something else."""
    try:
        Encoder(WITHIN).save(value)
    except TypeError as error:
        raise PeerError(str(error)) from error
