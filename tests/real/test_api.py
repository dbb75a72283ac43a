"""The interface for programs, with real peers: the running server keeps to its own document."""

import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from jsonschema import Draft202012Validator
from peers import Stage, wait_until
from peers.process import PATIENCE
from peers.stage import Gsched, free_base
from prometheus_client.parser import text_string_to_metric_families
from test_jobs import results

pytestmark = pytest.mark.real

Row = dict[str, Any]


def get(gsched: Gsched, path: str, **query: Any) -> tuple[int, str]:
    """Status and body."""
    url = urljoin(gsched.page, path.removeprefix("/")) + (f"?{urlencode(query)}" if query else "")
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def send(gsched: Gsched, path: str, body: Row) -> tuple[int, Any]:
    """Status and answer of an order."""
    told = {"Content-Type": "application/json"}
    asked = urllib.request.Request(gsched.page + path.lstrip("/"), json.dumps(body).encode(), told)
    with urllib.request.urlopen(asked, timeout=PATIENCE) as reply:
        return reply.status, json.load(reply)


def told(gsched: Gsched, path: str, **query: Any) -> Row:
    """What is answered, in JSON."""
    status, body = get(gsched, path, **query)
    assert status == 200, body
    answer: Row = json.loads(body)
    return answer


class Documented:
    """The document that a server gives, and what else it says, held against each other."""

    def __init__(self, gsched: Gsched) -> None:
        self._gsched = gsched
        self._document = told(gsched, "/api/v1/openapi.json")
        self.checked: set[tuple[str, int]] = set()  # path and status

    def paths(self) -> dict[str, Row]:
        """Those that answer in JSON by a schema, and how to ask for them."""
        found = {path: ways.get("get", {}) for path, ways in self._document["paths"].items()}
        found.pop("/api/v1/history.csv")
        return {path: one for path, one in found.items() if "parameters" in one}

    def check(self, path: str, filled: str, **query: Any) -> Row:
        """What is answered there, after a comparison with the schema for that status."""
        status, body = get(self._gsched, filled, **query)
        answer: Row = json.loads(body)
        wanted = self.paths()[path]["responses"][str(status)]
        schema = dict(wanted["content"]["application/json"]["schema"])
        Draft202012Validator(schema | {"components": self._document["components"]}).validate(answer)
        self.checked.add((path, status))
        return answer


def askings(parameters: list[Row], values: dict[str, list[Any]]) -> Iterator[Row]:
    """All sets of parameters, with each of the values once."""
    names = [one["name"] for one in parameters if one["in"] == "query"]
    for some in chain.from_iterable(combinations(names, n) for n in range(len(names) + 1)):
        for number in range(max((len(values[name]) for name in some), default=1)):
            yield {name: values[name][number % len(values[name])] for name in some}


def test_all_that_can_be_asked_is_answered_as_documented(stage: Stage, tmp_path: Path) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched, (node,) = stage.trio(1, 2)
    client = stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=4)
    gsched.wait_for_totals(running=2, waiting=2)
    documented = Documented(gsched)
    jobs = told(gsched, "/api/v1/jobs")["jobs"]
    values: dict[str, list[Any]] = {
        "uid": [job["uid"] for job in jobs] + ["7", "x"],
        "id": [jobs[0]["cluster"], "7", "x" * 300],
        "address": [node.address, "127.0.0.99"],
        "cluster": [jobs[0]["cluster"], "7"],
        "node": [node.address, "127.0.0.99"],
        "state": ["queued", "running", "done", "gone"],
        "after": ["0", jobs[1]["uid"], "x" * 300, "1.5-3"],
        "before": ["7", "x"],
        "limit": [1, 500, 501, "x"],
        "end": ["finished", "gone"],
        "from": [0, "x"],
        "to": [0, 2**33],
        "range": [60, 604800, 1],
        "points": [10, 1],
        "bars": [1, 20_001],
        "level": ["warning", "debug"],
        "kind": ["node", "weather"],
    }
    for path, one in documented.paths().items():
        own = [x["name"] for x in one["parameters"] if x["in"] == "path"]
        filled = [path.replace(f"{{{own[0]}}}", x) for x in values[own[0]]] if own else [path]
        for place in filled:
            for query in askings(one["parameters"], values):
                documented.check(path, place, **query)
    asked = {"200", "400", "404"}  # all others are refusals: see test_httpd_contract.py
    answers = {path: asked & set(one["responses"]) for path, one in documented.paths().items()}
    lists = ("clusters", "history", "series", "timeline", "log", "audit")
    never = {f"/api/v1/{name}" for name in lists}  # a list is there, whatever is in it
    node_path = "/api/v1/nodes/{address}"  # any text may be an address
    for path, statuses in answers.items():
        unseen = {"404"} if path in never else {"400"} if path.startswith(node_path) else set()
        seen = {str(status) for checked, status in documented.checked if checked == path}
        assert seen == statuses - unseen, path
    hours = told(gsched, f"/api/v1/nodes/{node.address}/service")
    nothing = dict.fromkeys(("start", "stop", "end", "clients_left"))
    assert hours == nothing | {"clients_done": 0, "why": ""}
    gate.touch()
    assert results(client.outcome()) == [0, 1, 2, 3]
    [row] = told(gsched, "/api/v1/nodes")["nodes"]
    assert row["sent"] > 400 and row["received"] > 400  # of four jobs and their results


def test_why_a_job_waits_and_its_story(stage: Stage, tmp_path: Path) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched, (node,) = stage.trio()
    client = stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=3)
    gsched.wait_for_totals(running=1, waiting=2)
    [running] = wait_until(
        lambda: told(gsched, "/api/v1/jobs", state="running")["jobs"], "the node confirms it"
    )
    about = told(gsched, f"/api/v1/jobs/{running['uid']}")
    assert about["why"].startswith(f"running on node {node.address} for ")
    assert [x["event"] for x in about["story"]] == ["offered", "accepted", "chosen", "started"]
    times = [x["time"] for x in about["story"]]
    assert times == sorted(times) and about["started"] == times[-1]
    waiting = told(gsched, "/api/v1/jobs", state="queued")["jobs"]
    assert told(gsched, f"/api/v1/jobs/{waiting[1]['uid']}")["why"] == (
        "the only usable node is full, 1 of 1 CPU run this cluster's jobs;"
        " position 2 in the queue of its cluster"
    )
    about = told(gsched, f"/api/v1/clusters/{running['cluster']}")
    assert about["why"].startswith("2 jobs waiting: the only usable node is full, ")
    assert [place["node"] for place in about["places"]] == [node.address]
    assert told(gsched, f"/api/v1/nodes/{node.address}")["jobs"] == [running["uid"]]
    gate.touch()
    client.outcome()
    gsched.wait_for_totals(done=3, clusters=0)
    over = told(gsched, f"/api/v1/jobs/{running['uid']}")
    assert (over["state"], over["end"], over["node"]) == ("gone", "finished", node.address)
    of_it = {"cluster": running["cluster"]}
    page = wait_until(
        lambda: (found := told(gsched, "/api/v1/history", **of_it))["kept"] == 3 and found,
        "all are written",
    )
    assert {job["uid"] for job in page["jobs"]} == {job["uid"] for job in [running, *waiting]}
    assert all(job["received"] > 0 and job["lane"] == 0 for job in page["jobs"])
    bars = told(gsched, "/api/v1/timeline", node=node.address)["bars"]
    assert sorted(bars["uid"]) == sorted(job["uid"] for job in page["jobs"])
    starts = sorted(zip(bars["start"], bars["end"], strict=True))
    assert all(begin < end for begin, end in starts)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(starts))
    texts = [event["text"] for event in told(gsched, "/api/v1/log", kind="cluster")["events"]]
    assert any(text.endswith(" is opened") for text in texts)


@pytest.mark.proves("--history")
def test_as_many_jobs_are_remembered_as_wanted_also_over_a_restart(stage: Stage) -> None:
    gsched, _ = stage.trio(1, 2, "--history", "3")
    stage.client("squares", gsched, jobs=8).outcome()
    gsched.wait_for_totals(done=8)
    page = wait_until(
        lambda: len((found := told(gsched, "/api/v1/history"))["jobs"]) == 3 and found,
        "they are written, and those before them removed",
    )
    assert (page["kept"], page["most"], page["problem"]) == (3, 3, "")
    gsched.kill()
    again = stage.again(gsched, "--history", "3")
    assert told(again, "/api/v1/history")["jobs"] == page["jobs"]


def figures(gsched: Gsched) -> dict[tuple[str, str], float]:
    """What Prometheus would read: by name and label."""
    status, body = get(gsched, "/metrics")
    assert status == 200
    families = text_string_to_metric_families(body)
    samples = (sample for family in families for sample in family.samples)
    return {(x.name, ",".join(x.labels.values())): x.value for x in samples}


def test_figures_for_prometheus(stage: Stage, tmp_path: Path) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    gsched, _ = stage.trio(1, 2)
    client = stage.client("waits", gsched, gate=str(gate), marks=str(marks), jobs=5)
    gsched.wait_for_totals(running=2, waiting=3)
    found = figures(gsched)
    assert found["gsched_jobs", "queued"] == 3
    assert found["gsched_jobs", "sending"] + found["gsched_jobs", "running"] == 2
    assert found["gsched_jobs_submitted_total", ""] == 5
    [label] = {label for name, label in found if name == "gsched_queue_length"}
    assert label == gsched.status()["clusters"][0]["label"]
    assert (found["gsched_nodes", "ready"], found["gsched_cpus_busy", ""]) == (1, 2)
    assert found["gsched_greenlets", ""] > 0
    assert found["process_resident_memory_bytes", ""] > 1e6
    gate.touch()
    client.outcome()
    gsched.wait_for_totals(done=5, clusters=0)
    found = figures(gsched)
    assert found["gsched_jobs_ended_total", "finished"] == 5
    assert {found["gsched_jobs", state] for state in ("offered", "queued", "running", "done")} == {
        0
    }


def test_browsers_may_ask_for_this_host_by_its_name(stage: Stage) -> None:
    page = urlsplit(stage.gsched().page)
    name = socket.gethostname()
    hosts = (name, f"{name.partition('.')[0]}:{page.port}", "evil.example", f"{name}.evil.example")
    statuses = []
    for host in hosts:
        connection = HTTPConnection(str(page.hostname), page.port, timeout=PATIENCE)
        connection.request("GET", "/healthz", headers={"Host": host})
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [200, 200, 421, 421]


@pytest.mark.proves("--http_host", "--http_port")
@pytest.mark.parametrize("how", ["by a signal", "by order"])
def test_it_is_ready_until_it_stops(stage: Stage, tmp_path: Path, how: str) -> None:
    gate, marks = tmp_path / "gate", tmp_path / "marks"
    marks.mkdir()
    node, place, port = stage.node(), next(stage.addresses), str(free_base())
    page = ("--http_host", place, "--http_port", port)
    gsched = stage.gsched(*page, "--grace_period", str(PATIENCE), nodes=[node])
    assert gsched.page == f"http://{place}:{port}/"
    client = stage.client("waits", gsched, gate=str(gate), marks=str(marks))
    gsched.wait_for_totals(running=1)
    assert get(gsched, "/readyz") == (200, "ok\n")
    if how == "by a signal":
        gsched.send(signal.SIGTERM)
    else:
        wanted = {"after": "running", "reason": "a new disk"}
        assert send(gsched, "/api/v1/stop", wanted)[0] == 202
    wait_until(lambda: get(gsched, "/readyz")[0] == 503, "it says that it stops")
    assert get(gsched, "/readyz") == (503, "the scheduler is about to stop\n")
    assert get(gsched, "/healthz") == (200, "ok\n")
    gate.touch()
    assert results(client.outcome()) == [0]
    assert gsched.wait(PATIENCE) == 0
