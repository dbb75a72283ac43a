"""The examples in conf/: they are what they claim to be, and fit the options of today."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from gsched.ending import LAST_RESULTS, STOP_TIMEOUT
from gsched.options.table import Settings, parse

CONF = Path(__file__).resolve().parents[2] / "conf"
UNITS = ("gsched.service", "dispynode.service")


def directives(unit: str) -> dict[str, str]:
    """What the unit says, its last word where it says a thing twice."""
    lines = [line for line in (CONF / unit).read_text().splitlines() if line[:1] not in ("#", "[")]
    return dict(line.split("=", 1) for line in lines if line)


def service_settings() -> Settings:
    """What gsched understands of its unit."""
    told = directives("gsched.service")
    name, folder = told["Environment"].replace("%S", "/var/lib").split("=")
    _, *options = shlex.split(told["ExecStart"])
    options[options.index("--config") + 1] = str(CONF / "gsched.conf")
    return parse(options, {"HOME": "/nowhere", name: folder})


@pytest.mark.parametrize("name", UNITS)
def test_unit_is_valid(name: str, tmp_path: Path) -> None:
    """As systemd has it, but for the program, which is not installed here."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here")
    path = shlex.split(directives(name)["ExecStart"])[0]
    unit = tmp_path / name
    unit.write_text((CONF / name).read_text().replace(path, "/bin/true"))
    done = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_service_keeps_its_state_where_systemd_lets_it() -> None:
    settings, folder = service_settings(), directives("gsched.service")["StateDirectory"]
    assert settings.daemon
    assert settings.dest_path_prefix == Path("/var/lib") / folder


def test_service_has_time_to_stop_and_files_to_open() -> None:
    told, settings = directives("gsched.service"), service_settings()
    needed = settings.grace_period + STOP_TIMEOUT + LAST_RESULTS
    assert int(told["TimeoutStopSec"]) > needed + 20  # some for the node and the journal
    assert int(told["LimitNOFILE"]) >= 2 * settings.max_connections
    assert told["Type"] == "notify" and int(told["WatchdogSec"]) > 0
