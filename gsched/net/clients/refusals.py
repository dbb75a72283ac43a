"""How a client is told why a job is not taken.

dispy knows no words for that: to a uid that is none, `submit` returns None and says nothing. What
it cannot decode it writes to its log, with the text that could not be decoded, and returns None as
well. So it is sent the number of an object, for which the reason stands: it is no number.
"""

_LONGEST = 150  # bytes: Python shows no more of it
_GET = (
    b"g"  # the opcode of pickle that is followed by a number in digits, up to the end of the line
)


def refusal(reason: str) -> bytes:
    """What to send in place of a uid."""
    words = " ".join(f"refused by gsched: {reason}".split()).encode("utf-8", "replace")
    return _GET + words[:_LONGEST] + b"\n."
