"""What a new user is told: the same in README.md and when gsched has started."""

from pathlib import Path

import pytest

from gsched.net.transport.addresses import Own
from gsched.running import welcome

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LOOPBACK, LAN = "127.0.0.1", "192.0.2.7"


def program(monkeypatch: pytest.MonkeyPatch, own: str, name: str) -> str:
    """On a host whose name stands for the address `name`."""
    monkeypatch.setattr(welcome, "resolve", lambda host: name)
    return welcome.client_program(Own(own, own, own))


def test_the_program_is_that_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    found = program(monkeypatch, LOOPBACK, LOOPBACK)
    assert f"```python\n{found}\n```" in README
    compile(found, "gsched_client.py", "exec")


@pytest.mark.parametrize(
    ("own", "name", "needed"),
    [
        (LAN, LAN, False),
        (LAN, "127.0.1.1", True),  # as Debian has it
        (LOOPBACK, "no-such-host", True),  # without a network
    ],
)
def test_an_address_is_given_where_dispy_finds_none(
    monkeypatch: pytest.MonkeyPatch, own: str, name: str, needed: bool
) -> None:
    found = program(monkeypatch, own, name)
    assert (f', ip_addr="{own}"' in found) is needed
    assert f'scheduler_host="{own}"' in found


def test_its_file_has_one_name() -> None:
    told = welcome.greeting("1.2", ["here"], "import dispy")
    assert "cat > gsched_client.py <<'END'\nimport dispy\nEND\n" in told
    assert (
        "save it as `gsched_client.py` and run it with `.venv/bin/python gsched_client.py`"
        in README
    )
