"""The bench's table says what was measured, and judges it by the budgets."""

from typing import Any

import pytest
from bench.catalogue import SCENARIOS, Line, Scenario
from bench.table import Results, rows, text


def scenario(*lines: Line, name: str = "some") -> Scenario:
    return Scenario(name, dict, {}, list(lines))


def only_row(line: Line, results: Results) -> dict[str, Any]:
    (row,) = rows([scenario(line)], results)
    return row


def runs(*values: float) -> list[dict[str, float]]:
    return [{"cpu": value} for value in values]


def test_medians_with_their_spread_and_the_ratio_of_medians() -> None:
    line = Line("cpu", "CPU per job", "ms", ratio=0.5)
    row = only_row(line, {"some": {"dispyscheduler": runs(4, 2, 9), "gsched": runs(1, 1.5, 7)}})
    assert row["gsched"] == (1.5, 1, 7) and row["dispyscheduler"] == (4, 2, 9)
    assert row["ratio"] == 1.5 / 4
    assert row["kept"] is True


def test_a_ratio_over_the_budget_is_missed() -> None:
    line = Line("cpu", "CPU per job", "ms", ratio=0.5)
    row = only_row(line, {"some": {"dispyscheduler": runs(2), "gsched": runs(1.01)}})
    assert row["kept"] is False


def test_without_the_reference_a_ratio_is_not_judged() -> None:
    line = Line("cpu", "CPU per job", "ms", ratio=0.5)
    row = only_row(line, {"some": {"gsched": runs(1)}})
    assert row["ratio"] is None and row["kept"] is None


def test_limits_in_both_directions() -> None:
    results = {"some": {"gsched": runs(3)}}
    assert only_row(Line("cpu", "", "", most=3), results)["kept"] is True
    assert only_row(Line("cpu", "", "", most=2.9), results)["kept"] is False
    assert only_row(Line("cpu", "", "", least=3), results)["kept"] is True
    assert only_row(Line("cpu", "", "", least=3.1), results)["kept"] is False


@pytest.mark.parametrize(("own", "kept"), [(7.2, True), (7.1, False)])
def test_a_rate_is_held_against_the_best_of_the_other(own: float, kept: bool) -> None:
    results = {"some": {"gsched": runs(own), "dispyscheduler": runs(2, 9, 1)}}
    row = only_row(Line("cpu", "", "MB/s", best=0.8, more_is_better=True), results)
    assert (row["kept"], row["budget"]) == (kept, ">= 0.8x its best")


def test_growth_is_to_gscheds_own_figure_elsewhere() -> None:
    line = Line("cpu", "CPU per job", "ms", ratio=0.5, growth=("base", "cpu", 1.1))
    results = {
        "base": {"gsched": runs(1), "dispyscheduler": runs(9)},
        "some": {"gsched": runs(1.2), "dispyscheduler": runs(9)},
    }
    row = only_row(line, results)
    assert row["kept"] is False and "growth 1.20 <= 1.1" in row["budget"]


def test_a_scenario_that_was_left_out_has_a_row_without_figures() -> None:
    found = rows([scenario(Line("cpu", "CPU per job", "ms", most=1))], {"some": {}})
    assert found[0]["kept"] is None
    assert "CPU per job [ms]" in text(found)


def test_growth_names_scenarios_and_figures_that_there_are() -> None:
    figures = {(one.name, line.figure) for one in SCENARIOS for line in one.lines}
    bases = [line.growth[:2] for one in SCENARIOS for line in one.lines if line.growth]
    assert bases and set(bases) <= figures
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)
