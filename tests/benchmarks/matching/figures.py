"""What is measured of the matching engine: each figure with its unit, its bar, its stretch and what it means."""

from __future__ import annotations

from typing import Final

from tests.benchmarks.figures import Figure

_SHARE: Final = 7
_CERTIFIED: Final = "What the pairs are worth, as a share of the bound that no matching of these people exceeds"

FIGURES: Final = {
    figure.key: figure
    for figure in (
        Figure(
            "cold_start_s",
            "s",
            "at_most",
            3,
            "A fresh Python process, with the compiled kernels on disk, until it has paired a company of 500 people.",
        ),
        Figure(
            "complete10k_s",
            "s",
            "at_most",
            2,
            "`match_population(company(10_000), Policy(), target_gap=1e-4)`: from a population in memory to the pairs, the "
            "reasons of who stays without, and the certificate. Any two of the people may be paired unless a rule of the "
            "policy forbids it. The kernels are compiled and loaded before.",
            stretch=0.8,
        ),
        Figure("complete10k_certified", "ratio", "at_least", 0.9999, f"{_CERTIFIED}: the same run.", digits=_SHARE),
        Figure(
            "vs_rustworkx_5k",
            "ratio",
            "at_least",
            150,
            "Processor time of `rustworkx.max_weight_matching` against that of `match_graph(target_gap=1e-4)` on one and the "
            "same graph, in one process: everybody of a company of 5,000 with the 32 with whom a pair is worth most. "
            "rustworkx's answer is exact; ours has to be worth 99.99 % of it, or there is no figure. Making the graph "
            "object of rustworkx is not counted; checking and sorting the edges, which `match_graph` does, is. What small "
            "pieces `match_graph` may give to rustworkx itself, when the target gap is not met before, is part of its time.",
            stretch=500,
        ),
        Figure("vs_rustworkx_10k", "ratio", "at_least", 400, "The same for a company of 10,000.", stretch=1500),
        Figure(
            "complete100k_s",
            "s",
            "at_most",
            40,
            "`match_population(company(100_000), Policy(), target_gap=1e-3)`, five billion possible pairs. The certificate "
            "has to be deterministic (every pair compared with the prices), or there is no figure.",
            stretch=15,
        ),
        Figure(
            "complete100k_certified", "ratio", "at_least", 0.999, f"{_CERTIFIED}: the same run.", stretch=0.9995, digits=_SHARE
        ),
        Figure(
            "complete100k_matched",
            "ratio",
            "at_least",
            1,
            "The share of the people who have a possible partner that the run has matched; where they are an odd number, one "
            "of them does not count. Whether those left out have none is checked again by code of its own.",
            digits=_SHARE,
        ),
        Figure(
            "complete100k_rss_mb",
            "MB",
            "at_most",
            600,
            "The most resident memory the process of that run ever had: the interpreter, NumPy, SciPy, Numba and its "
            "compiler, and the population included. It has no other work than to read the population from a file of arrays "
            "and to match it.",
        ),
        Figure("fast100k_s", "s", "at_most", 10, "The same people with `fast=True`, which stops after the first certificate."),
        Figure("fast100k_certified", "ratio", "at_least", 0.98, f"{_CERTIFIED}: the same run.", digits=_SHARE),
        Figure(
            "capacity_s",
            "s",
            "at_most",
            1.5,
            "`match_seats` for a company of 100,000: everybody up to level 4 seeks one partner among those above, who take one "
            "to five each; everybody names the sixteen best.",
            stretch=0.6,
        ),
        Figure(
            "capacity_ratio",
            "ratio",
            "at_least",
            0.9999,
            "What that answer is worth, as a share of the bound that no answer exceeds.",
            digits=_SHARE,
        ),
        Figure(
            "seats100k_s",
            "s",
            "at_most",
            40,
            "`match_population(company(100_000, most_seats=5), policy, target_gap=1e-3)` with the policy of the junior-senior "
            "format: whoever is above level 4 takes one to five of the others. Every junior is compared with every senior and "
            "both prices, or there is no figure.",
            stretch=15,
        ),
        Figure(
            "seats100k_certified", "ratio", "at_least", 0.999, f"{_CERTIFIED}: the same run.", stretch=0.9995, digits=_SHARE
        ),
        Figure(
            "million_s",
            "s",
            "at_most",
            420,
            "`match_population(company(1_000_000), Policy(), target_gap=1e-2)`, five hundred billion possible pairs.",
            stretch=180,
        ),
        Figure(
            "million_certified",
            "ratio",
            "at_least",
            0.97,
            f"{_CERTIFIED}: the same run. Every pair is compared with the prices at this size too.",
            stretch=0.985,
            digits=_SHARE,
        ),
        Figure(
            "million_rss_mb",
            "MB",
            "at_most",
            2048,
            "The most resident memory the process of that run ever had; the people are made by another one.",
        ),
    )
}
