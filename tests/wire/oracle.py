"""What dispy itself reads from pickles. A process of its own, as it imports dispy.

    python oracle.py --write FOLDER    writes NAME.expect beside each golden file
    python oracle.py                   a list of pickles on stdin, their descriptions on stdout

Both ends of the pipe are Python literals. Objects are described by how they would be pickled, as
{"@": class, ...}: dicts of fields for dispy's classes, `args`, `items`, `pairs` and `state` for
others.
"""

import ast
import copyreg
import gzip
import pickle
import pprint
import sys
from pathlib import Path

CODE_SIZE = 40
PLAIN = (type(None), bool, int, float, str, bytes, bytearray)

_path = Path(__file__).resolve().parent / "trio" / "user_classes.py"
exec(compile(_path.read_text(), str(_path), "exec"))  # what a client's own __main__ has


def describe(value):
    """The value as a literal."""
    if isinstance(value, type):
        return {"@class": f"{value.__module__}.{value.__qualname__}"}
    if type(value) in PLAIN:
        return value
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(describe(one) for one in value)
    if type(value) is dict:
        return {describe(key): describe(part) for key, part in value.items()}
    return _describe_object(value)


def _describe_object(value):
    made = value.__reduce_ex__(4)
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    call, args, state, items, pairs = (*made, None, None, None)[:5]
    if name == "os.stat_result":
        return {"@": name, "fields": args[0], **args[1]}
    state = describe(state)
    if name.startswith("dispy."):
        return {"@": name, **state}
    args = args[1:] if call is copyreg.__newobj__ else args
    found = {"@": name, "args": describe(tuple(args))}
    found |= {} if items is None else {"items": describe(list(items))}
    found |= {} if pairs is None else {"pairs": describe(list(pairs))}
    return found if state is None else found | {"state": state}


def frames(data):
    """The messages in a stream of nothing but messages."""
    while data:
        size = int.from_bytes(data[:4], "big")
        assert len(data) >= 4 + size, "the recording ends inside a message"
        yield data[4 : 4 + size]
        data = data[4 + size :]


def part(payload):
    """A later message or a reply: a pickle, or a bare word."""
    return describe(pickle.loads(payload)) if payload[:1] == b"\x80" else payload


def explain(name, data):
    """What is expected of what the opener sent: code, message, body and what follows."""
    way, message, *variant = name.split(".")
    code, payload, rest = None, data, b""
    if "udp" not in variant:
        if way.startswith("client-") or way.endswith("-node"):
            code, data = data[:CODE_SIZE], data[CODE_SIZE:]
        end = 4 + int.from_bytes(data[:4], "big")
        payload, rest = data[4:end], data[end:]
    tag, _, body = payload.partition(b":")
    assert tag.decode() == message, name
    found = {"code": code, "message": message, "body": describe(pickle.loads(body))}
    if message == "FILEXFER":
        return found | {"raw": len(rest)}
    return found | {"after": [part(one) for one in frames(rest)]}


def content(path):
    """The recorded bytes; none if there is no such file."""
    packed = path.with_name(path.name + ".gz")
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return path.read_bytes() if path.exists() else b""


def write(folder):
    """An .expect for each golden file in the folder."""
    names = {path.name.partition(".bin")[0] for path in folder.iterdir()}
    for name in sorted(one for one in names if not one.endswith(".reply")):
        found = explain(name, content(folder / f"{name}.bin"))
        found["replies"] = [part(one) for one in frames(content(folder / f"{name}.reply.bin"))]
        text = pprint.pformat(found, sort_dicts=False, width=100)
        (folder / f"{name}.expect").write_text(text + "\n")


def answer():
    """Describe what comes in on stdin."""
    pickles = ast.literal_eval(sys.stdin.read())
    print([describe(pickle.loads(one)) for one in pickles])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]))
    else:
        answer()
