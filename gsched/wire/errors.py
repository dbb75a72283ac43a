"""The one error of this room: the peer is at fault."""


class PeerError(Exception):
    """A peer sent what the protocol does not allow.

    Its text is for the log: what was wrong, never the bytes themselves. Whoever catches it
    logs it with the peer's address, closes the connection and goes on serving others.
    """
