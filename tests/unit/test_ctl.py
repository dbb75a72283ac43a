"""gschedctl: what it asks, what it shows to people, pipes and programs, and how it ends."""

import json
import os
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from ctl_site import HANDLE, OTHER, UID, Site, about, cluster, job, node, served, status

from gsched.ctl import words
from gsched.ctl.catalogue import COMMANDS
from gsched.ctl.cli import main
from gsched.ctl.failures import Mistake
from gsched.ctl.place import PAGE, find

API = "/api/v1"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path) as made:
        rows = [node("10.0.0.2", name="alpha.example", busy=3), node("10.0.0.3", name="beta")]
        clusters = [cluster(), cluster(OTHER, "fit", "10.0.0.9")]
        made.answer(f"{API}/status", status(rows, clusters, listens=["10.0.0.1:51349 clients"]))
        made.answer(f"{API}/nodes", {"nodes": rows, "next": None})
        made.answer(f"{API}/clusters", {"clusters": clusters, "next": None})
        yield made


# Where the scheduler is


def place(environ: dict[str, str] | None = None, **given: str) -> object:
    options = dict.fromkeys(("url", "socket", "token_file", "cafile")) | given
    return find(Namespace(**options), {"HOME": "/nowhere"} | (environ or {}))


def test_the_command_line_wins_over_variables_and_those_over_the_sockets_of_this_host(
    site: Site, tmp_path: Path
) -> None:
    state = {"GSCHED_DEST_PATH_PREFIX": str(tmp_path)}
    assert place(state).socket == site.socket  # type: ignore[attr-defined]
    other = state | {"GSCHEDCTL_URL": "https://jobs.example.org/gsched/"}
    assert place(other).name == "https://jobs.example.org/gsched"  # type: ignore[attr-defined]
    assert place(other, socket=str(tmp_path)).name == str(site.socket)  # type: ignore[attr-defined]
    assert place().url == PAGE  # type: ignore[attr-defined]
    assert place(url="10.1.1.1:80").url == "http://10.1.1.1:80"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "environ", "text"),
    [
        ({"url": "http://a", "socket": "b"}, {}, "--url and --socket name two places"),
        ({"url": "ftp://a"}, {}, "is no address; give one like http://127"),
        ({"url": "http://"}, {}, "is no address"),
        ({"url": "http://ada:pears@a"}, {}, "a password in an address"),
        ({"url": "http://a.example"}, {"GSCHEDCTL_TOKEN": "pears"}, "would cross the network"),
        ({"url": "https://a", "token_file": "/none"}, {}, "/none: No such file"),
        ({"url": "https://a"}, {"GSCHEDCTL_TOKEN": "a b"}, "the token holds blanks"),
    ],
)
def test_mistakes_about_the_place(
    given: dict[str, str], environ: dict[str, str], text: str
) -> None:
    with pytest.raises(Mistake, match=text):
        place(environ, **given)


def test_a_token_is_read_from_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("pears\n")
    path.chmod(0o640)
    with pytest.raises(Mistake, match="others may read it; chmod 600"):
        place(url="https://a", token_file=str(path))
    path.chmod(0o600)
    found = place(url="https://a", token_file=str(path))
    assert found.token == "pears" and "pears" not in repr(found)  # type: ignore[attr-defined]


def test_nobody_answers(tmp_path: Path) -> None:
    gone = Site(tmp_path).run("status")
    assert gone.code == 3
    assert gone.err.startswith(f"gschedctl: nobody answers at {tmp_path}/api.sock: No such file")
    told = json.loads(Site(tmp_path).run("status", "--json").err)
    assert told["exit_code"] == 3 and "nobody answers" in told["error"]


def test_a_socket_far_down_is_reached(tmp_path: Path) -> None:
    far = tmp_path / ("d" * 120)
    far.mkdir()
    with served(tmp_path) as site:
        os.rename(site.socket, far / "api.sock")
        site.socket = far / "api.sock"
        site.answer(f"{API}/status", status())
        assert site.run("status").code == 0


@pytest.mark.parametrize(
    ("code", "exit_code", "text"),
    [
        (401, 4, "sign in"),
        (403, 4, "viewer only"),
        (400, 2, "limit is a number"),
        (404, 1, "nobody here"),
        (409, 1, "it is closing"),
        (405, 1, "does not know this command"),
        (500, 3, "the request failed"),
    ],
)
def test_errors_of_the_scheduler(site: Site, code: int, exit_code: int, text: str) -> None:
    site.refuse(f"{API}/jobs", code, text)
    done = site.run("jobs")
    assert (done.code, done.out) == (exit_code, "")
    assert done.err.startswith("gschedctl: ") and text in done.err


def test_what_is_no_gsched_is_told(site: Site) -> None:
    site.answer(f"{API}/status", "<html>")
    assert "is no gsched" in site.run("status").err


@pytest.mark.parametrize("command", [one.name for one in COMMANDS])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"], {})
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "--json" in text and f"gschedctl {command}" in text


@pytest.mark.parametrize("line", ["stauts", "jobs --state x", "jobs --limit 0", "job x"])
def test_mistakes_on_the_command_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split(), {})
    assert ended.value.code == 2
    assert "gschedctl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "hint"), [("statsu", "did you mean status?"), ("zzzz", "gschedctl --help lists all")]
)
def test_a_command_that_is_none(word: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--json", word, "x"], {})
    assert ended.value.code == 2
    assert f"there is no command '{word}'; {hint}\n" in capsys.readouterr().err


def test_without_a_command_all_are_listed(site: Site) -> None:
    done = site.run()
    assert done.code == 2 and done.out == ""
    assert all(f"\n    {one.name}" in done.err for one in COMMANDS)


# Looking


def test_status(site: Site) -> None:
    done = site.run("status")
    assert done.code == 0 and "nodes      2 (2 ready)" in done.out
    assert done.out.splitlines()[2] == "new jobs   are taken"
    assert "order      cluster served least recently first\n" in done.out
    assert site.run("status", "--json").json["totals"]["nodes"] == 2


def test_status_tells_what_needs_attention_and_when_no_jobs_are_taken(site: Site) -> None:
    refused = [
        {"address": "10.0.0.8", "role": "client", "version": "4.7", "reason": "old", "time": 90.0}
    ]
    wrong = [node("10.0.0.2", state="lost", note="silent")]
    limits = {"x": [9, 10, 3]}
    state = status(wrong, problem="disk full", refused=refused, time=100.0, limits=limits)
    site.answer(f"{API}/status", state)
    done = site.run("status")
    assert done.code == 1
    assert (
        "new jobs     are refused: disk full\n" in done.out
        and "x 9 of 10" in done.out
        and "x 3\n" in done.out
    )
    table = [line for line in done.lines if len(line) == 3][-2:]
    assert table == [["node", "10.0.0.2", "silent"], ["client refused 10 s ago", "10.0.0.8", "old"]]


def test_nodes(site: Site) -> None:
    assert site.run("nodes").lines[0][:6] == ["10.0.0.2", "alpha.example", "ready", "3", "4", "0"]
    assert [row["name"] for row in site.run("nodes", "--match", "b*", "--json").json["nodes"]] == [
        "beta"
    ]
    none = site.run("nodes", "--state", "lost")
    assert (none.code, none.out, none.err) == (0, "", "no such node is known\n")


def test_one_node_by_its_short_name(site: Site) -> None:
    avail = {"cpu": 71.0, "memory": 2**34, "disk": 1536, "swap": None}
    more = {"why": "3 of 4 CPUs busy", "jobs": [UID], "avail": avail}
    detail = about("NodeDetail", **node("10.0.0.2", name="alpha.example") | more)
    site.answer(f"{API}/nodes/10.0.0.2", detail)
    done = site.run("nodes", "alpha")
    assert "why    3 of 4 CPUs busy" in done.out
    assert "free   cpu 71 %, memory 16.0 GB, disk 1.5 kB" in done.out
    assert site.run("nodes", "alpha", "--json").json == detail
    assert site.run("nodes", "gamma").err == (
        "gschedctl: no node 'gamma' is known; see `gschedctl nodes`\n"
    )


def test_clusters_by_id_label_name_and_beginning(site: Site) -> None:
    assert [row[0] for row in site.run("clusters").lines] == [HANDLE, OTHER]
    assert len(site.run("clusters", "--client", "10.0.0.9").lines) == 1
    detail = about("ClusterDetail", **cluster(OTHER, "fit"), why="all is done")
    site.answer(f"{API}/clusters/{OTHER}", detail)
    for name in (OTHER, "fit", "fit @ 10.0.0.9", OTHER[:5]):
        assert "all is done" in site.run("clusters", name).out
    several = site.run("clusters", OTHER[:4])
    assert several.code == 2 and "may be any of 2 clusters" in several.err
    assert site.run("clusters", "none").code == 1


def test_jobs_are_asked_for_page_after_page(site: Site) -> None:
    pages = [
        {"jobs": [job("1"), job("2")], "next": "2"},
        {"jobs": [], "next": "7"},
        {"jobs": [job("8", state="running", node="10.0.0.2", started=time.time())], "next": None},
    ]
    site.answer(f"{API}/jobs", pages)
    done = site.run("jobs", "--cluster", "fit", "--node", "beta", "--state", "queued", "--limit=9")
    assert [row[0] for row in done.lines] == ["1", "2", "8"] and done.err == ""
    queries = [asked[2] for asked in site.asked if asked[1] == f"{API}/jobs"]
    same = {"cluster": OTHER, "node": "10.0.0.3", "state": "queued"}
    assert queries == [
        same | {"limit": "9"},
        same | {"limit": "7", "after": "2"},
        same | {"limit": "7", "after": "7"},
    ]


def test_jobs_beyond_the_limit_are_told_of(site: Site) -> None:
    site.answer(f"{API}/jobs", {"jobs": [job("1", end="abandoned", reason="lost")], "next": "1"})
    done = site.run("jobs", "--limit", "1")
    assert done.lines[0][-1] == "abandoned; lost"
    assert done.err == "there may be more: --after 1, or --all\n"
    assert site.run("jobs", "--json", "--limit", "1").json["next"] == "1"


def test_where_there_is_none(site: Site) -> None:
    for kind in ("jobs", "clusters", "nodes"):
        site.answer(f"{API}/{kind}", {kind: [], "next": None})
        assert site.run(kind).err == f"no {kind}\n"
    lines = ("jobs --state queued", "jobs --after 7", "clusters --client a", "nodes --state lost")
    for line in lines:
        assert site.run(*line.split()).err.startswith(f"no such {line.split()[0][:-1]} is ")


def test_a_story(site: Site) -> None:
    steps = [{"time": 1.25, "event": "offered", "note": ""}]
    detail = about("JobDetail", **job(tries=2), why="it waits", refusals=1, story=steps, steps=9)
    site.answer(f"{API}/jobs/{UID}", detail)
    done = site.run("job", UID)
    assert "why      it waits" in done.out and "2, 1 refused" in done.out
    assert "(the last 1 of 9 steps)" in done.out
    assert done.lines[-1] == [f"{words.moment(1)}.250", "offered", "-"]
    assert site.run("job", UID, "--json").json == detail
    assert site.run("job", "7").code == 1


def test_why(site: Site) -> None:
    site.answer(f"{API}/jobs/{UID}", about("JobDetail", **job(), why="it waits"))
    site.answer(f"{API}/clusters/{HANDLE}", about("ClusterDetail", **cluster(), why="no nodes"))
    site.answer(f"{API}/nodes/10.0.0.3", about("NodeDetail", **node("10.0.0.3"), why="idle"))
    texts = [site.run("why", x).out for x in (UID, "compute", HANDLE, "beta", "10.0.0.3")]
    assert texts == ["it waits\n", "no nodes\n", "no nodes\n", "idle\n", "idle\n"]
    told = site.run("why", "beta", "--json").json
    assert told == {"kind": "node", "id": "10.0.0.3", "why": "idle"}
    assert site.run("why", "7").err == "gschedctl: 7 is not known\n"
    gone = site.run("why", "x")
    assert gone.code == 1 and "no cluster and no node 'x' now: a cluster goes once" in gone.err


# How it looks


def test_a_node_that_has_not_been_heard_since_the_start_says_so(site: Site) -> None:
    row = node("10.0.0.2", heard=None)
    site.answer(f"{API}/nodes", {"nodes": [row, node("10.0.0.3", heard=75.0)], "next": None})
    restored, heard = [x for x in site.run("nodes").out.splitlines() if x.startswith("10.")]
    assert "not since the start" in restored and "ago" not in restored
    assert "1 min 15 s ago" in heard


def test_names_of_strangers_do_not_steer_the_terminal(site: Site) -> None:
    site.answer(f"{API}/nodes", {"nodes": [node("10.0.0.2", name="\x1b]0;x\x07\n")], "next": None})
    for terminal in (False, True):
        out = site.run("nodes", terminal=terminal).out
        assert "\\x1b]0;x\\x07\\n" in out and "\x1b]" not in out


def test_terminals_get_colours_and_pipes_do_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in site.run("nodes", terminal=True).out
    assert "\x1b[" not in site.run("nodes").out


def test_words() -> None:
    assert [words.span(x) for x in (-1, 2.25, 75, 3600, 90061, 8 * 86400)] == [
        "0.0 s",
        "2.2 s",
        "1 min 15 s",
        "1 h",
        "1 d 1 h",
        "8 d",
    ]
    assert [words.size(x) for x in (0, 1023, 1024, 3 * 2**40, 2**70)] == [
        "0 B",
        "1023 B",
        "1.0 kB",
        "3.0 TB",
        "1048576.0 PB",
    ]
