"""What measures the engine has to be right itself: the people in a file, the peak of memory, when there is no figure."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from matching_service.engine.core.graph import Graph
from tests.benchmarks.company import company
from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.matching import groups
from tests.benchmarks.matching.clock import Lap, peak_mb, timed
from tests.benchmarks.matching.figures import FIGURES
from tests.benchmarks.matching.groups import Workplace, compared
from tests.benchmarks.matching.kept import keep, kept
from tests.benchmarks.matching.sparse import best_listed
from tests.benchmarks.processes import MeasurementFailed

SPARSE = {"people": 5_000, "edges": 100_000, "optimum": 1_000_000}
RUN = {
    "people": 10,
    "laps": [{"wall": 2.0, "cpu": 3.0, "others": 0.5, "compiled": 0}],
    "rss_mb": 500.0,
    "rss_before_mb": 300.0,
    "value": 900,
    "upper_bound": 1000,
    "pairs": 4,
    "matchable": 9,
    "wrong": [],
}
OF_100K = ("complete100k_s", "complete100k_certified", "complete100k_matched", "complete100k_rss_mb")


def run_of(monkeypatch: pytest.MonkeyPatch, **changed: object):
    """What becomes of the group of 100,000 people when the process it starts prints this."""

    async def contestant(module: str, task: dict[str, object], within: float = 0.0) -> dict[str, object]:
        return {**RUN, **changed}

    monkeypatch.setattr(groups, "contestant", contestant)
    (group,) = (group for group in Workplace(Path(), 1.0).groups() if group.keys == OF_100K)
    return {one.key: one.value for one in group.measure(OF_100K)[1]}


def best_three(graph: Graph) -> list[list[int]]:
    """What everybody's three best pairs are worth."""
    worths: list[list[int]] = [[] for _ in range(graph.n)]
    for one, other, weight in zip(graph.u.tolist(), graph.v.tolist(), graph.weight.tolist(), strict=True):
        worths[one].append(weight)
        worths[other].append(weight)
    return [sorted(of_person, reverse=True)[:3] for of_person in worths]


def test_every_figure_is_measured_by_one_group_and_no_other() -> None:
    keys = [key for group in Workplace(Path(), 1.0).groups() for key in group.keys]
    assert sorted(keys) == sorted(FIGURES)


def test_people_in_a_file_are_the_same_people(tmp_path: Path) -> None:
    population = company(301)
    keep(population, tmp_path / "people.npz")
    again = kept(tmp_path / "people.npz")
    assert again.hash == population.hash
    for field in fields(population):
        assert type(getattr(again, field.name)) is type(getattr(population, field.name)), field.name


def test_a_peak_of_memory_is_not_forgotten() -> None:
    before = peak_mb()
    room = np.ones(int((before + 200) * 1e6) // 8)
    del room
    assert peak_mb() >= before + 200


def test_a_lap_tells_own_time_from_waiting() -> None:
    with timed() as lap:
        sum(range(2_000_000))
    assert 0 < lap.cpu <= lap.wall * 1.5


def test_one_of_an_odd_number_may_stay_without_a_partner(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_of(monkeypatch)["complete100k_matched"] == 1.0
    assert run_of(monkeypatch, matchable=10)["complete100k_matched"] == 0.8


def test_a_run_gives_time_certificate_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = run_of(monkeypatch)
    assert (seen["complete100k_s"], seen["complete100k_certified"], seen["complete100k_rss_mb"]) == (2.0, 0.9, 500.0)


def test_there_is_no_figure_when_the_checker_finds_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MeasurementFailed, match="void: the checker finds 1 faults, first rule_broken"):
        run_of(monkeypatch, wrong=["rule_broken: The pair breaks the rule excluded."])


def test_a_fast_answer_that_is_worth_too_little_is_no_figure() -> None:
    ours, theirs = [Lap(1.0, 0.01), Lap(2.0, 0.02), Lap(3.0, 0.03)], Lap(8.0, 4.0)
    assert compared({**SPARSE, "value": 999_950}, ours, theirs)[0] == pytest.approx(200)
    value, how, _ = compared({**SPARSE, "value": 999_899}, ours, theirs)
    assert value is None
    assert how.startswith("void")


def test_the_sparse_graph_has_everybodys_best_partners(tmp_path: Path) -> None:
    population = company(701)
    keep(population, tmp_path / "people.npz")
    graph, complete = best_listed(tmp_path / "people.npz", 3), best_listed(tmp_path / "people.npz", 701)
    listed, possible = best_three(graph), best_three(complete)
    assert listed == possible
    assert len(graph.u) < len(complete.u)


def test_a_stretch_is_told_apart_from_the_bar() -> None:
    figure = Figure("x_s", "s", "at_most", 2, "", stretch=0.8)
    assert [figure.met(value) for value in (None, 2.1, 2.0, 0.8)] == ["**no**", "**no**", "yes", "yes, and its stretch"]
    assert Measured("x_s", 1.0, "").line(figure)["stretch"] == "≤ 0.8"


def test_a_certificate_just_below_one_is_not_shown_as_one() -> None:
    figure = FIGURES["complete100k_certified"]
    assert Measured(figure.key, 0.999984, "").line(figure)["value"] == 0.999984
