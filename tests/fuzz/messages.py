"""Any bytes as a message, chosen by atheris for the ways that they take through the decoder.

    python tests/fuzz/messages.py FOLDER [options of libFuzzer, such as -max_total_time=600]

What comes out is a message, which can be written again, or PeerError; nothing else, in bounded
time and memory. FOLDER keeps what was found interesting; it begins with the messages of real peers.
"""

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT), str(ROOT / "tests/wire")]

with atheris.instrument_imports(include=["gsched.wire"]):
    from gsched.wire import pickles, shapes
    from gsched.wire.errors import PeerError
    from gsched.wire.frames import CODE_SIZE, LENGTH, FrameReader
    from gsched.wire.messages import Sender, parse

SENDERS = tuple(Sender)  # the first byte of the input says which
LIMIT = 1 << 16
SLOWEST, MOST_MEMORY = 5, 1024  # seconds of one input; MiB of all


def try_one(data: bytes) -> None:
    """One input: as a message by itself, and as a stream that arrives in two parts."""
    if not data:
        return
    sender, payload = SENDERS[data[0] % len(SENDERS)], data[1:]
    for way in (decode, read):
        try:
            way(payload, sender)
        except PeerError:
            continue


def decode(payload: bytes, sender: Sender) -> None:
    """A message, which is then written for others, as nodes get what clients have sent.

    What has a shape that is known must mean the same to the decoder of all others.
    """
    message, body = parse(payload, sender)
    written = pickles.dumps(body)
    data = payload[payload.index(b":") + 1 :]
    if shapes.read(message.name, data) is not None:
        assert pickles.dumps(pickles.loads(data)) == written


def read(payload: bytes, sender: Sender) -> None:
    """A stream."""
    reader, middle = FrameReader(), len(payload) // 2
    for part in (payload[:middle], payload[middle:]):
        reader.feed(part)
        if sender is Sender.CLIENT:
            reader.raw(CODE_SIZE)
        message = reader.message(LIMIT)
        assert message is None or len(message) <= LIMIT
        assert reader.pending <= len(payload) + LENGTH.size


def sow(folder: Path) -> None:
    """Begin with what real peers say."""
    from goldens import to_scheduler

    folder.mkdir(parents=True, exist_ok=True)
    for one in to_scheduler():
        first = bytes((SENDERS.index(one.sender),))
        (folder / str(one)).write_bytes(first + one.payload[:LIMIT])


def main() -> None:
    """See the module's text."""
    sow(Path(sys.argv[1]))
    limits = [f"-timeout={SLOWEST}", f"-rss_limit_mb={MOST_MEMORY}", f"-max_len={LIMIT}"]
    atheris.Setup([sys.argv[0], *limits, *sys.argv[1:]], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
