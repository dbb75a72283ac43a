"""What is simulated: traces as people write them, and workloads that are made up."""

from collections import Counter
from pathlib import Path

import pytest

from gsched.simulation.generated import AT_ONCE, Generated, durations
from gsched.simulation.workload import Task, Trace, WorkloadError, nodes, write


def trace(tmp_path: Path, text: str) -> Trace:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    return Trace(path)


def made(**changes: object) -> Generated:
    plain = {"jobs": 20_000, "clusters": 4, "cpus": 50, "lasting": [durations("exponential:60")]}
    return Generated(**(plain | changes))  # type: ignore[arg-type]


def test_a_trace_is_sorted_and_begins_at_0(tmp_path: Path) -> None:
    text = "seconds,cluster,client,arrival\n5,b,,103\n1.5,a,10.1.1.1,100.5\n"
    assert list(trace(tmp_path, text).tasks()) == [
        Task(0.0, "a", 1.5, "10.1.1.1"),
        Task(2.5, "b", 5.0),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("arrival,seconds\n1,2\n", "has no column 'cluster'; its first line should be arrival,"),
        ("", "has no column 'arrival'"),
        ("arrival,cluster,seconds\n", "has no jobs"),
        ("arrival,cluster,seconds\n1,a,2\n1,a,soon\n", "line 3: seconds 'soon' is not allowed"),
        ("arrival,cluster,seconds\n-1,a,2\n", "line 2: arrival '-1' is not allowed, give 0 or"),
        ("arrival,cluster,seconds\n1,a,nan\n", "line 2: seconds 'nan' is not allowed"),
        ("arrival,cluster,seconds\n1,a\n", "line 2: seconds None is not allowed"),
        ("arrival,cluster,seconds\n1,,2\n", "line 2: cluster is empty; give a name"),
    ],
)
def test_what_is_wrong_in_a_trace_is_told_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(WorkloadError, match=told) as caught:
        trace(tmp_path, text).tasks()
    assert str(tmp_path / "trace.csv") in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(b"arrival,cluster,seconds\n1,\xff\xfe,2\n")
    with pytest.raises(WorkloadError, match="no CSV file in UTF-8"):
        Trace(path).tasks()


def test_what_is_written_is_the_same_workload(tmp_path: Path) -> None:
    work = made(jobs=500)
    with (tmp_path / "saved.csv").open("w", newline="") as file:
        write(work, file)
    assert list(Trace(tmp_path / "saved.csv").tasks()) == list(work.tasks())


def test_the_same_seed_makes_the_same_tasks() -> None:
    assert list(made().tasks()) == list(made().tasks()) != list(made(seed=2).tasks())


def test_as_much_work_arrives_as_was_asked_for() -> None:
    lasting = [durations("constant:10"), durations("uniform:50-150"), durations("lognormal:30,1")]
    tasks = list(made(lasting=lasting, load=0.8, skew=0.5).tasks())
    work, time = sum(task.seconds for task in tasks), tasks[-1].arrival
    assert work / (50 * time) == pytest.approx(0.8, rel=0.03)


def test_skew_makes_big_clusters_and_small_ones() -> None:
    for arrivals in ("poisson", AT_ONCE):
        counts = Counter(task.cluster for task in made(skew=1.0, arrivals=arrivals).tasks())
        for k in range(1, 5):
            part = 1 / k / (1 + 1 / 2 + 1 / 3 + 1 / 4)
            assert counts[f"cluster{k}"] == pytest.approx(part * 20_000, rel=0.05)


def test_all_at_once_one_cluster_after_the_other() -> None:
    tasks = list(made(jobs=100, arrivals=AT_ONCE).tasks())
    assert {task.arrival for task in tasks} == {0.0}
    assert [task.cluster for task in tasks] == sorted(task.cluster for task in tasks)


@pytest.mark.parametrize(
    "kind", ["constant:60", "uniform:10-50", "exponential:60", "lognormal:9,1"]
)
def test_durations_have_the_mean_that_they_say(kind: str) -> None:
    tasks = list(made(lasting=[durations(kind)]).tasks())
    mean = sum(task.seconds for task in tasks) / len(tasks)
    assert mean == pytest.approx(durations(kind).mean, rel=0.03)


@pytest.mark.parametrize(
    "text",
    ["", "constant", "constant:", "constant:0", "constant:inf", "constant:nan", "normal:5"],
)
def test_durations_that_mean_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="constant:60"):
        durations(text)


@pytest.mark.parametrize(
    "text", ["uniform:5", "uniform:9-5", "lognormal:5", "lognormal:0,1", "lognormal:5,-1"]
)
def test_durations_with_figures_that_do_not_fit(text: str) -> None:
    with pytest.raises(ValueError, match="uniform:10-50"):
        durations(text)


def test_nodes_of_several_kinds() -> None:
    assert nodes("2x32,3x8") == (32, 32, 8, 8, 8)


@pytest.mark.parametrize("text", ["", "8", "0x8", "8x0", "1x2,", "ax2", "-1x2", "100001x1"])
def test_nodes_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="nodes"):
        nodes(text)
