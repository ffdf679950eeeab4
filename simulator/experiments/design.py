"""Parameter draws: from what the official series leave (the posterior), or from the ledger's ranges alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from simulator.experiments.posterior import check_posterior, held_by, load_posterior, posterior_draw
from simulator.experiments.prior import (
    latin_hypercube,
    plausible,
    prior_draws,
    prior_set,
    quantile,
    triangular,
    uniforms,
)

if TYPE_CHECKING:
    from simulator.engine.population import Population
    from simulator.evidence import Ledger

__all__ = [
    "DRAWS_FROM",
    "DrawsFrom",
    "latin_hypercube",
    "parameter_draws",
    "plausible",
    "prior_set",
    "quantile",
    "triangular",
    "uniforms",
]

DrawsFrom = Literal["posterior", "prior"]
DRAWS_FROM: Final[tuple[DrawsFrom, ...]] = ("posterior", "prior")


def parameter_draws(
    ledger: Ledger, population: Population, n: int, seed: int, draws_from: DrawsFrom = "posterior"
) -> tuple[list[Mapping[str, float]], float]:
    """Return ``n`` parameter sets, the central one first, and the share of sets that had to be rejected.

    Parameters
    ----------
    ledger : where structures narrow it (``under``), draws are those of the posterior under them
    draws_from : ``posterior``: draw ``k`` is the same however many are taken; ``prior``: the ledger's
        ranges alone

    Raises
    ------
    FaultyInput
        If the posterior was fitted with another ledger.
    """
    if draws_from == "prior":
        return prior_draws(ledger, population, n, seed)
    sets: list[Mapping[str, float]] = [{name: one.central for name, one in ledger.parameters.items()}]
    if n < 2:
        return sets, 0.0
    posterior = load_posterior()
    check_posterior(posterior, ledger)
    posterior = posterior.within(held_by(ledger))
    rejected = 0
    for index in range(1, n):
        draw, tries = posterior_draw(posterior, ledger, population, index, seed)
        sets.append(draw.values)
        rejected += tries
    return sets, rejected / (n - 1 + rejected)
