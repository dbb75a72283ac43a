"""Figures for Prometheus, read by its own parser, and whether gsched is ready."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core.world import World
from prometheus_client.parser import text_string_to_metric_families
from web_asked import Answer

from gsched.core.model.job import End
from gsched.httpd import app as page
from gsched.httpd import metrics
from gsched.httpd.metrics import Figures, Metrics
from gsched.httpd.readiness import Readiness


class Site:
    """A scheduler and its figures."""

    def __init__(self) -> None:
        self.world = World()
        self.figures = Figures(12.5, "", 3, 2, 7, 1)
        self.asked = 0
        self.problem = ""
        parts = [
            Metrics(self.world.scheduler.book, self._figures),
            Readiness(lambda: self.problem),
        ]
        self.app = page.build(dict, parts=parts)

    def _figures(self) -> Figures:
        self.asked += 1
        return self.figures

    def families(self) -> dict[str, dict[str, float]]:
        """By name: the value by label; of what has no label, by the empty text."""
        answer = Answer(self.app, "/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        found: dict[str, dict[str, float]] = {}
        for family in text_string_to_metric_families(answer.body.decode()):
            assert family.documentation
            for sample in family.samples:
                label = ",".join(sample.labels.values())
                values = found.setdefault(sample.name, {})
                assert label not in values
                values[label] = sample.value
        return found

    def value(self, name: str) -> Any:
        """Of one that has no label."""
        return self.families()[f"gsched_{name}"][""]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.app.close()


def test_nothing_is_counted_before_somebody_asks(site: Site) -> None:
    assert site.asked == 0
    site.families()
    assert site.asked == 1


def test_an_idle_scheduler(site: Site) -> None:
    found = site.families()
    assert set(found["gsched_jobs"].values()) == {0}
    assert set(found["gsched_nodes"].values()) == {0}
    assert set(found["gsched_jobs_ended_total"]) == {end.value for end in End}
    assert list(found["gsched_build_info"].values()) == [1]
    assert found["process_open_fds"][""] > 0


def test_jobs_by_state_and_end(site: Site) -> None:
    world = site.world
    world.node(cpus=5)
    cluster = world.cluster()
    world.finish(world.running(cluster))
    for end in (End.FINISHED, End.TERMINATED):
        job = world.running(cluster)
        world.over(job, end)
        world.results()
    for _ in range(3):
        world.running(cluster)
    for _ in range(2):
        world.sending(cluster)
    world.submit_some(cluster, 4)
    world.offer(cluster)
    found = site.families()
    assert found["gsched_jobs"] == {
        "offered": 1,
        "queued": 4,
        "sending": 2,
        "running": 3,
        "done": 2,
    }
    assert found["gsched_jobs_submitted_total"] == {"": 12}
    world.do("finished", 10**9, "10.0.0.1", End.FINISHED, "reply", 1.0)
    assert site.families()["gsched_replies_dropped_total"] == {"": 1}
    ended = {"finished": 2, "terminated": 1, "cancelled": 0, "abandoned": 0}
    assert found["gsched_jobs_ended_total"] == ended
    assert found["gsched_queue_length"] == {"compute @ 10.9.9.9": 4}
    assert (found["gsched_cpus"][""], found["gsched_cpus_busy"][""]) == (5, 5)


def test_nodes_by_state(site: Site) -> None:
    world = site.world
    world.node(cpus=2)
    world.node(cpus=3)
    world.lose(world.node(cpus=4))
    world.join("10.0.0.4", cpus=0)
    world.do("drain", world.node(), "anna", "")
    world.do("close_node", world.node(), "anna", "")
    found = site.families()
    assert found["gsched_nodes"] == {
        "ready": 2,
        "held": 0,
        "quarantine": 0,
        "out of service": 1,
        "drained": 1,
        "closed": 1,
        "lost": 1,
    }
    assert found["gsched_cpus"][""] == 7


def test_paused_clusters(site: Site) -> None:
    site.world.cluster()
    site.world.do("pause", site.world.cluster(), "anna", "")
    found = site.families()
    assert (found["gsched_clusters"][""], found["gsched_clusters_paused"][""]) == (2, 1)


def test_labels_are_capped_and_clusters_of_one_name_count_together(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MOST_LABELS", 2)
    world = site.world
    hostile = 'x"\n\\' + "y" * 300
    for number, name in enumerate(("a", "b", "c", hostile, hostile)):
        cluster = world.asked()
        cluster.name = name
        world.start(cluster)
        world.submit_some(cluster, number)
    assert site.families()["gsched_queue_length"] == {
        f"{hostile} @ 10.9.9.9"[: metrics.LONGEST]: 7,
        "c @ 10.9.9.9": 2,
        metrics.OTHERS: 1,
    }


def test_what_the_core_does_not_know(site: Site) -> None:
    assert site.value("uptime_seconds") == 12.5
    assert site.value("connections") == 3
    assert site.value("connections_turned_away_total") == 2
    assert site.value("greenlets") == 7
    assert site.value("page_streams") == 1
    assert site.value("journal_problem") == 0
    lag = ([("0.01", 4.0), ("+Inf", 5.0)], 0.25)
    site.figures = site.figures._replace(lag=lag)
    body = Answer(site.app, "/metrics").body.decode()
    assert 'gsched_hub_lag_seconds_bucket{le="0.01"} 4.0' in body
    assert "gsched_hub_lag_seconds_sum 0.25" in body
    assert "gsched_hub_lag_seconds_count 5.0" in body
    more = {"waits": ([("1.0", 2.0), ("+Inf", 3.0)], 7.5), "runs": ([("+Inf", 4.0)], 8.0)}
    site.figures = site.figures._replace(**more, resyncs=6, start=1.5)
    assert site.families()["gsched_job_wait_seconds_bucket"] == {"1.0": 2.0, "+Inf": 3.0}
    assert site.value("job_wait_seconds_sum") == 7.5
    assert site.value("job_run_seconds_count") == 4.0
    assert site.value("page_resyncs_total") == 6
    assert site.value("start_seconds") == 1.5
    site.figures = site.figures._replace(problem="no space left on device")
    assert site.value("journal_problem") == 1


def test_ready_or_why_not(site: Site) -> None:
    answer = Answer(site.app, "/readyz")
    assert (answer.status, answer.body) == (200, b"ok\n")
    site.problem = "the scheduler is about to stop"
    answer = Answer(site.app, "/readyz")
    assert (answer.status, answer.body) == (503, b"the scheduler is about to stop\n")
    assert Answer(site.app, "/healthz").status == 200


def test_the_dashboard_shows_figures_that_there_are(site: Site) -> None:
    board = json.loads((Path(__file__).resolve().parents[2] / "conf/grafana.json").read_text())
    site.world.node()
    site.world.cluster()
    known, shown = site.families(), set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            shown |= set(re.findall(r"\bgsched_\w+", target["expr"]))
    assert shown <= known.keys()
    left_out = {name for name in known if name.startswith("gsched_")} - shown
    assert left_out <= {
        *(
            "gsched_build_info",
            "gsched_greenlets",
            "gsched_start_seconds",
            "gsched_replies_dropped_total",
        ),
        *("gsched_hub_lag_seconds_count", "gsched_hub_lag_seconds_sum"),
    }


def test_no_panel_lies_upon_another() -> None:
    board = json.loads((Path(__file__).resolve().parents[2] / "conf/grafana.json").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        x, y, w, h = (panel["gridPos"][name] for name in "xywh")
        places = {(x + dx, y + dy) for dx in range(w) for dy in range(h)}
        assert x + w <= 24 and not places & taken, panel["title"]
        taken |= places
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_what_choices_take(site: Site) -> None:
    node = site.world.node(cpus=2)
    site.world.running(site.world.cluster())
    site.figures = site.figures._replace(spent=0.5)
    assert (site.value("choices_total"), site.value("core_seconds_total")) == (1, 0.5)
    assert node.busy == 1
