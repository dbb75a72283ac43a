"""Who we are to others: the sign, the secrets, the addresses."""

from dataclasses import dataclass, field
from functools import lru_cache

from gsched.wire import secrets


@dataclass(frozen=True)
class Identity:
    """What peers are told, and what they are checked against."""

    node_secret: str
    cluster_secret: str
    announced: tuple[str, ...]  # addresses that nodes may answer to
    sign: str = field(default_factory=secrets.new_sign)

    @property
    def client_sign(self) -> str:
        """What clients are told for our sign.

        It is not the nodes', so that with equal secrets, or none, the code that a node shows is
        not the one that clients show.
        """
        return _code("clients", self.sign).decode()

    @property
    def signs(self) -> tuple[str, str]:
        """Those of ours, which nobody else has."""
        return self.sign, self.client_sign

    @property
    def client_code(self) -> bytes:
        """What clients put in front of their requests."""
        return _code(self.cluster_secret, self.client_sign)

    @property
    def pong_code(self) -> bytes:
        """What a node shows to prove that it knows the secret."""
        return _code(self.node_secret, self.sign)

    def client_code_of(self, sign: str) -> bytes:
        """What a client with that sign introduces itself with."""
        return _code(self.cluster_secret, sign)

    def node_code(self, sign: str) -> bytes:
        """What we put in front of requests to the node with that sign."""
        return _code(self.node_secret, sign)


@lru_cache(maxsize=8192)
def _code(secret: str, sign: str) -> bytes:
    return secrets.code(secret, sign)
