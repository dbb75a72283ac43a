"""What one request at /api/v1 may bring: parameters, and a body in JSON. How it is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gsched.httpd.api.schemas import Schema

LIMIT, MOST = 100, 500  # rows of a page: unless asked for, and at the most
LONGEST = 200  # characters of a parameter
LONGEST_SECRET = 1024
LATEST = 2**40  # seconds since 1970
MOST_UIDS = 10_000  # of one request
MOST_AT_ONCE = 1000  # nodes of one request
_TIME = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,12})?")
_PLACE = re.compile(r"^([0-9]{1,13}(?:\.[0-9]{1,12})?)-([0-9]{1,18})$")
_UID = re.compile(r"[0-9]{1,20}", re.ASCII)
# No controls, no ends of lines, nothing that turns the direction of writing, no half characters.
_LINE = re.compile(r"[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*")
_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """One of a request.

    `kind`: "id", "count", "time", "place" (of a page's end), "text", or words to choose from.
    `bounds` of a count: the least, the most, and what it is if nobody says.
    """

    name: str
    about: str
    kind: str | tuple[str, ...] = "text"
    place: str = "query"
    bounds: tuple[int, int, int] = (1, MOST, LIMIT)

    def schema(self) -> Schema:
        """For the document."""
        if isinstance(self.kind, tuple):
            return {"type": "string", "enum": list(self.kind)}
        kinds: dict[str, Schema] = {
            "id": {"type": "string", "pattern": "^[0-9]{1,20}$"},
            "count": dict(zip(("minimum", "maximum", "default"), self.bounds, strict=True))
            | {"type": "integer"},
            "time": {"type": "number", "minimum": 0, "maximum": LATEST},
            "place": {"type": "string", "pattern": _PLACE.pattern},
            "text": {"type": "string", "maxLength": LONGEST},
        }
        return kinds[self.kind]

    def read(self, text: str) -> Any:
        """The value. Raises ValueError, with a text for whoever asked."""
        if isinstance(self.kind, tuple) and text not in self.kind:
            raise ValueError(f"{self.name} is one of {', '.join(self.kind)}")
        digits = text.isascii() and text.isdigit() and len(text) <= 20
        if self.kind in ("id", "count") and not digits:
            raise ValueError(f"{self.name} is a number")
        if self.kind == "count" and not self.bounds[0] <= int(text) <= self.bounds[1]:
            raise ValueError(f"{self.name} is a number from {self.bounds[0]} to {self.bounds[1]}")
        if len(text) > LONGEST:
            raise ValueError(f"{self.name} has at most {LONGEST} characters")
        if self.kind == "time":
            return _time(self.name, text)
        if self.kind == "place":
            return _place(self.name, text)
        return int(text) if digits and self.kind in ("id", "count") else text


def _time(name: str, text: str) -> float:
    if not _TIME.fullmatch(text) or not float(text) <= LATEST:
        raise ValueError(f"{name} is a time: seconds since 1970")
    return float(text)


def _place(name: str, text: str) -> tuple[float, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError(f"{name} is the `next` of another page")
    return float(found[1]), int(found[2])


LIMIT_OF_ROWS = Parameter("limit", "rows at the most", "count")


@dataclass(frozen=True)
class Field:
    """One of a body. `kind`: "text", "lines", "host", "whole", "flag", "uids", words to choose
    from, or the fields of an object.

    A `whole` number is from `least` to `most`, or null where `may_be_null`; `lines` are a text of
    at most `most` characters. With `many` it is a list of such values.
    """

    name: str
    about: str
    kind: str | tuple[str, ...] | tuple["Field", ...] = "text"
    required: bool = False
    least: int = 0
    most: int = 0
    may_be_null: bool = False
    many: bool = False

    def schema(self) -> Schema:
        """For the document."""
        one = self._schema()
        if self.many:
            one = {"type": "array", "minItems": 1, "maxItems": MOST_AT_ONCE, "items": one}
        return {"description": self.about} | one

    def _schema(self) -> Schema:
        if isinstance(self.kind, tuple):
            inner = fields_of(self.kind)
            return described(inner) if inner else {"type": "string", "enum": list(self.kind)}
        limits = {"minimum": self.least, "maximum": self.most}
        uid = {"type": "string", "pattern": "^[0-9]{1,20}$"}
        kinds: dict[str, Schema] = {
            "text": {"type": "string", "maxLength": LONGEST, "pattern": f"^{_LINE.pattern}$"},
            "lines": {"type": "string", "maxLength": self.most},
            "secret": {"type": "string", "maxLength": LONGEST_SECRET},
            "host": {"type": "string", "pattern": f"^{_HOST.pattern}$"},
            "whole": {"type": ["integer", "null"] if self.may_be_null else "integer", **limits},
            "flag": {"type": "boolean"},
            "uids": {"type": "array", "maxItems": MOST_UIDS, "items": uid},
        }
        return kinds[self.kind]

    def read(self, value: Any) -> Any:
        """The value, uids as numbers. Raises ValueError, with a text for whoever asked."""
        if not self.many:
            return self._read(value)
        if not isinstance(value, list) or not 0 < len(value) <= MOST_AT_ONCE:
            raise ValueError(f"{self.name} is a list of 1 to {MOST_AT_ONCE:,}")
        return [self._read(one) for one in value]

    def _read(self, value: Any) -> Any:
        if isinstance(self.kind, tuple):
            inner = fields_of(self.kind)
            return read_body(inner, value, f"{self.name}: ") if inner else self._word(value)
        problem = self._problem(value)
        if problem:
            raise ValueError(f"{self.name} is {problem}")
        return [int(one) for one in value] if self.kind == "uids" else value

    def _word(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.kind:
            raise ValueError(f"{self.name} is one of {', '.join(map(str, self.kind))}")
        return value

    def _problem(self, value: Any) -> str:
        """What it has to be and is not."""
        if self.kind == "flag":
            return "" if isinstance(value, bool) else "true or false"
        if self.kind == "whole":
            return self._problem_of_number(value)
        if self.kind == "host":
            named = isinstance(value, str) and _HOST.fullmatch(value)
            return "" if named else "the name or the address of a host"
        if self.kind == "lines":
            good = isinstance(value, str) and len(value) <= self.most
            return "" if good else f"a text of at most {self.most:,} characters"
        if self.kind == "uids":
            return "" if _are_uids(value) else f"a list of at most {MOST_UIDS:,} uids, each as text"
        good = isinstance(value, str) and len(value) <= LONGEST and bool(_LINE.fullmatch(value))
        return "" if good else f"a text of one line and at most {LONGEST} characters"

    def _problem_of_number(self, value: Any) -> str:
        if value is None and self.may_be_null:
            return ""
        if type(value) is int and self.least <= value <= self.most:
            return ""
        or_null = ", or null" if self.may_be_null else ""
        return f"a whole number from {self.least} to {self.most}{or_null}"


def _are_uids(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > MOST_UIDS:
        return False
    return all(isinstance(one, str) and _UID.fullmatch(one) for one in value)


def fields_of(kind: tuple[Any, ...]) -> tuple[Field, ...]:
    """Those of an object; none where the kind is words."""
    return tuple(one for one in kind if isinstance(one, Field))


def described(fields: tuple[Field, ...]) -> Schema:
    """The schema of an object with these fields."""
    return {
        "type": "object",
        "properties": {one.name: one.schema() for one in fields},
        "required": [one.name for one in fields if one.required],
        "additionalProperties": False,
    }


def read_body(fields: tuple[Field, ...], body: Any, where: str = "") -> dict[str, Any]:
    """The values of all fields that are there. Raises ValueError."""
    if not isinstance(body, dict):
        raise ValueError(f"{where}an object in JSON is wanted, as {{...}}")
    known = {one.name: one for one in fields}
    for name in body:
        if name not in known:
            wanted = ", ".join(known) or "none"
            raise ValueError(f"{where}{name[:50]!r} is no field; there are: {wanted}")
    if missing := next((x.name for x in fields if x.required and x.name not in body), ""):
        raise ValueError(f"{where}{missing} is missing")
    try:
        return {name: known[name].read(value) for name, value in body.items()}
    except ValueError as error:
        raise ValueError(f"{where}{error}") from None


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked for, and the schema of its answer.

    `role` is the least that may: viewer, operator, admin, or anybody. `status`: of the answer, 202
    for what goes on after it. `kind`: its media type; only JSON has a schema. `fails`: its own
    errors, besides those that all like it have.
    """

    path: str
    about: str
    answer: str
    parameters: tuple[Parameter, ...] = ()
    method: str = "GET"
    role: str = "viewer"
    body: tuple[Field, ...] = ()
    status: int = 200
    kind: str = "application/json"
    fails: Mapping[int, str] = field(default_factory=dict)

    @property
    def own(self) -> tuple[Parameter, ...]:
        """Those that stand in the path."""
        return tuple(one for one in self.parameters if one.place == "path")
