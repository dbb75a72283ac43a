"""The handshake of dispy: whoever knows the secret can compute the code of a given sign.

A sign is a random text that each process makes at its start and tells everybody. The code is
SHA-1 over secret and sign, as all releases compute it; it proves the secret to a peer that is
honest, and can be replayed by whoever reads the wire.
"""

from hmac import compare_digest

from Crypto.Hash import SHA1
from Crypto.Random import get_random_bytes

SIGN_BYTES = 20
STRANGER = b"x" * 40  # stands where a code belongs when the peer's sign is not known yet


def new_sign() -> str:
    """A random text of 40 hexadecimal digits."""
    random: bytes = get_random_bytes(SIGN_BYTES)
    return random.hex()


def new_id() -> int:
    """A random number of 62 bits, not 0: fits wherever dispy and databases have integers."""
    random: bytes = get_random_bytes(8)
    return (int.from_bytes(random, "little") >> 2) + 1


def code(secret: str, sign: str) -> bytes:
    """The 40 bytes that prove knowledge of `secret` to the owner of `sign`."""
    digest: str = SHA1.new((secret + sign).encode("utf-8", "surrogatepass")).hexdigest()
    return digest.encode()


def same(left: bytes | str, right: bytes | str) -> bool:
    """Whether two codes are equal, in a time that does not tell where they differ."""
    if isinstance(left, str):
        left = left.encode("utf-8", "surrogatepass")
    if isinstance(right, str):
        right = right.encode("utf-8", "surrogatepass")
    return compare_digest(left, right)
