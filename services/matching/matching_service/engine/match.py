"""The public door: a population or a graph in, checked arrays out."""

from __future__ import annotations

from collections.abc import Callable

from matching_service.engine.formats import format_for
from matching_service.engine.problem.policy import Policy
from matching_service.engine.problem.population import Population
from matching_service.engine.problem.results import MatchedPopulation
from matching_service.engine.searching.answer import answer
from matching_service.engine.searching.search import Progress, Stopped
from matching_service.engine.solvers.matching import match_graph
from matching_service.engine.weighing.all_pairs import Field

__all__ = ["match_graph", "match_population"]


def match_population(
    population: Population,
    policy: Policy,
    *,
    target_gap: float = 1e-3,
    seed: int = 0,
    fast: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> MatchedPopulation:
    """Match the people of a population under a policy, by the search of the policy's format.

    Every pair of people is weighed against prices, exactly; see ``docs/matching.md`` for the method. The policy says
    whether coverage comes first. ``target_gap``: comparing goes on until the certified gap is this small, or nothing
    more is found. ``fast``: stop after the first certificate. ``seed`` decides ties.

    ``progress`` is called with (phase, share of it done, certified gap if there is one yet), with the phases "scoring",
    "matching" and "explaining". ``stop`` is asked now and then; once it says yes, the best pairs so far are returned
    with what is proven about them.

    The same population hash, policy fingerprint, target gap, seed, mode and engine version give the same bytes, on any
    number of threads, unless stopped. Memory: some 2 KB a person. Pure computation, to be run off any event loop.

    Raises: ValueError for a target gap that is no share, and for a policy of an unknown format.
    """
    if not 0.0 <= target_gap < 1.0:
        raise ValueError(f"target_gap {target_gap} is not a share from 0 to 1.")
    field = Field(population, policy, seed)
    search = format_for(policy).search_for(policy)(field, policy, target_gap, seed, progress or _ignore, stop or _never)
    try:
        search.run(fast)
    except Stopped:
        search.stopped = True
        search.take_best_so_far()
    search.form_trios()
    search.notify("explaining", 0.0)
    result = answer(population, policy, search, target_gap, seed)
    search.notify("explaining", 1.0)
    return result


def _ignore(_: str, __: float, ___: float | None) -> None:
    """Nobody follows the progress."""


def _never() -> bool:
    """Nobody stops it."""
    return False
