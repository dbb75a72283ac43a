"""What can be asked at /api/v1/policy, and the schemas of the answers."""

from gsched.httpd.access.roles import ADMIN
from gsched.httpd.api.acts.orders import REASON
from gsched.httpd.api.operation import Field, Operation
from gsched.httpd.api.schemas import (
    HANDLE,
    NOTE,
    Schema,
    none_or,
    number,
    record,
    ref,
    rows,
    text,
    whole,
)
from gsched.policy.fields import RULE, half_life, priority, span, weight

LARGEST = 90_000  # characters of a text that is to be checked
_PATH = "/api/v1/policy"

SHOWN = Operation(_PATH, "The sharing policy: its rules, and the clusters of each", "Policy")
CHECKED = Operation(
    f"{_PATH}/check",
    "Whether the text of a policy file could be used; changes nothing",
    "PolicyChecked",
    method="POST",
    role=ADMIN,
    body=(Field("text", "what is in the file", "lines", required=True, most=LARGEST),),
)
RELOADED = Operation(
    f"{_PATH}/reload",
    "Read the policy file again; after a mistake in it all stays as it was",
    "Done",
    method="POST",
    role=ADMIN,
    body=(REASON,),
)
POLICY = (SHOWN, CHECKED, RELOADED)


def _of_rule() -> dict[str, Schema]:
    """By the name of a field; null: no limit."""
    found = {}
    for one in RULE:
        kind = number if one.read in (weight, span, half_life) else whole
        schema = kind(one.about) if one.many is False else rows(text(), one.about)
        if one.name == "name":
            schema = text("empty: of no rule, which holds for all others")
        elif one.default is None or one.read is priority:
            schema = none_or(schema)
        found[one.name] = schema
    return found


_USE = record(
    "A cluster for which a rule holds.",
    cluster=HANDLE,
    label=text("name @ client"),
    waiting=whole("jobs"),
    running=whole("jobs"),
    used=none_or(number("CPU seconds as they count now; null: weights do not count")),
)
POLICY_SCHEMAS: dict[str, Schema] = {
    "Policy": record(
        "The sharing policy.",
        file=none_or(text("null: there is none")),
        since=number("when it was last read, in seconds since 1970; 0: never"),
        half_life=none_or(number("seconds after which what was used counts half; null: never")),
        rules=rows(ref("PolicyRule"), "the first that matches a cluster holds for it"),
    ),
    "PolicyRule": record(
        "A rule; null: no limit.", **_of_rule(), holds_for=rows(_USE, "clusters that are open")
    ),
    "PolicyChecked": record(
        "Whether a file could be used.",
        problem=NOTE | {"description": "the line, the field and the mend; empty: it can be used"},
        rules=whole(),
    ),
}
