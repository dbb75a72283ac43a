"""Why a job is refused: what a client makes of it, which decodes it with pickle as it is."""

import pickle

import pytest

from gsched.net.clients.refusals import refusal


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("2 of its jobs wait, rule 'few' allows no more", "2 of its jobs wait, rule 'few' allows"),
        ("a\nb\r\tc", "a b c"),
        ("1", "1"),
        ("büro " * 100, "büro büro"),
        ("\ud800", "?"),
    ],
)
def test_a_client_logs_the_reason(reason: str, shown: str) -> None:
    with pytest.raises(ValueError, match="refused by gsched: ") as error:
        pickle.loads(refusal(reason))
    assert f"refused by gsched: {shown}" in str(error.value)
