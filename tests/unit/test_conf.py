"""The examples in conf/: they are what they claim to be, and fit the options of today."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gsched.httpd.access import guard
from gsched.options.table import OPTIONS, Settings, parse
from gsched.running.ending import LAST_RESULTS, STOP_TIMEOUT

CONF = Path(__file__).resolve().parents[2] / "conf"
UNITS = ("gsched.service", "dispynode.service")


def directives(unit: str) -> dict[str, str]:
    """What the unit says, its last word where it says a thing twice."""
    lines = [line for line in (CONF / unit).read_text().splitlines() if line[:1] not in ("#", "[")]
    return dict(line.split("=", 1) for line in lines if line)


def service_settings() -> Settings:
    """What gsched understands of its unit."""
    told = directives("gsched.service")
    given = told["Environment"].replace("%S", "/var/lib").split()
    _, *options = shlex.split(told["ExecStart"])
    options[options.index("--config") + 1] = str(CONF / "gsched.conf")
    return parse(options, {"HOME": "/nowhere", **dict(item.split("=") for item in given)})


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


def test_nginx_finds_the_page() -> None:
    """It hands on what the page answers to, and does not hold back what is live."""
    text = (CONF / "nginx.conf").read_text()
    [port] = [option.default for option in OPTIONS if option.name == "http_port"]
    places = set(re.findall(r"(?:proxy_pass http://|proxy_set_header Host )(\S+);", text))
    assert places == {f"127.0.0.1:{port}"}
    environ = {"HTTP_HOST": places.pop(), guard.ADDRESS_KEY: "127.0.0.1"}
    assert guard.refusal(environ, guard.host_names(["127.0.0.1"])) is None
    live = text.partition("location = /api/v1/events {")[2].partition("}")[0]
    assert "proxy_buffering off;" in live and "gzip off;" in live
    assert text.count("{") == text.count("}")


def test_container_has_no_rights_and_keeps_its_state() -> None:
    lines = (CONF / "Containerfile").read_text().splitlines()
    last = dict(line.split(" ", 1) for line in lines if line[:1].isupper())
    variables = dict(item.split("=") for item in last["ENV"].split())
    variables.pop("PYTHONUNBUFFERED")
    settings = parse(json.loads(last["CMD"]), {"HOME": "/nowhere", **variables})
    assert str(settings.dest_path_prefix) == last["VOLUME"] and settings.daemon
    user = f"--uid {last['USER']} "
    assert int(last["USER"]) > 0 and any(user in line for line in lines)


def test_recipe_installs_the_unit() -> None:
    [play] = yaml.safe_load((CONF / "nodes.yml").read_text())
    copied = [task.get("ansible.builtin.copy", {}) for task in play["tasks"]]
    assert any((CONF / x["src"]).is_file() for x in copied if "src" in x)
    told = directives("dispynode.service")
    assert told["EnvironmentFile"].lstrip("-") in [x.get("dest") for x in copied]
    [pip] = [x["ansible.builtin.pip"] for x in play["tasks"] if "ansible.builtin.pip" in x]
    assert told["ExecStart"].startswith(pip["virtualenv"])
