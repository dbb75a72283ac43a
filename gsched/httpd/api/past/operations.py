"""What can be asked of the past at /api/v1."""

from gsched.core.model.job import End
from gsched.history.happenings import KINDS, LEVELS
from gsched.httpd.api.operation import LIMIT_OF_ROWS, Operation, Parameter

UNREADABLE = {503: "The history cannot be read"}

_WHICH = (
    Parameter("cluster", "id of their cluster"),
    Parameter("node", "address of the node where they were last"),
    Parameter("end", "how they ended", tuple(end.value for end in End)),
    Parameter("from", "when they ended, at the earliest", "time"),
    Parameter("to", "when they ended, at the latest", "time"),
)

OPERATIONS = (
    Operation(
        "/api/v1/history",
        "Jobs that have ended, those first that ended last. A page may be short, or empty, and"
        " have a next one",
        "History",
        (
            *_WHICH,
            Parameter("after", "`next` of a page: only earlier ones", "place"),
            LIMIT_OF_ROWS,
        ),
        fails=UNREADABLE,
    ),
    Operation(
        "/api/v1/history.csv",
        "All jobs that have ended, those first that ended last, as a file",
        "",
        _WHICH,
        kind="text/csv",
        fails=UNREADABLE,
    ),
    Operation(
        "/api/v1/series",
        "Figures over time, and what clusters have used of the CPUs",
        "Series",
        (
            Parameter("range", "seconds up to now", "count", bounds=(10, 7 * 24 * 3600, 900)),
            Parameter("points", "at the most", "count", bounds=(10, 3600, 600)),
        ),
        fails=UNREADABLE,
    ),
    Operation(
        "/api/v1/timeline",
        "Which job was where, and when: bars, or for many nodes how busy each was",
        "Timeline",
        (
            Parameter("from", "the last five minutes, unless given", "time"),
            Parameter("to", "now, unless given", "time"),
            Parameter("node", "address: only this one"),
            Parameter("bars", "jobs at the most", "count", bounds=(1, 20_000, 5000)),
        ),
        fails=UNREADABLE,
    ),
    Operation(
        "/api/v1/log",
        "Events of interest; without `after` the latest ones",
        "Log",
        (
            Parameter("after", "number of an event: only later ones", "id"),
            Parameter("level", "the least", LEVELS),
            Parameter("kind", "what they are about", KINDS),
            LIMIT_OF_ROWS,
        ),
    ),
)
