"""Server-sent events as their readers see them."""

import json
from typing import Any

from gsched.httpd.live.changes import KEYS


def parsed(chunk: bytes) -> dict[str, str]:
    """Returns an event's fields; {} for a comment."""
    lines = [line.split(": ", 1) for line in chunk.decode().strip().splitlines()]
    return {name: value for name, value in lines if name}


def next_event(stream: Any) -> dict[str, str]:
    """Returns the next event that has a name."""
    return next(event for event in map(parsed, stream) if "event" in event)


class Reader:
    """What somebody knows of the state by events alone, as documented."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.seq = 0

    def hear(self, event: dict[str, str]) -> "Reader":
        """Takes an event in."""
        data = json.loads(event["data"])
        if event["event"] == "delta":
            assert data.pop("seq") == self.seq + 1
            self.state = self._changed(data)
            self.seq += 1
        else:
            self.seq = data.pop("seq")
            self.state = data
        return self

    def _changed(self, data: dict[str, Any]) -> dict[str, Any]:
        gone, after = data.pop("gone"), {**self.state}
        for name, key in KEYS.items():
            rows = {row[key]: row for row in self.state.get(name, ())}
            for row, fields in data.pop(name).items():
                rows[row] = rows.get(row, {}) | fields
            after[name] = [row for row in rows.values() if row[key] not in gone[name]]
        return after | data
