"""A whole fit in a folder, from targets to a posterior; what is finished there is never run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.fitting import Fit, fit
from calibration.observe import log_likelihood
from calibration.priors import Prior
from calibration.simulations import Recipe, Simulations, until_of
from calibration.store import Store
from calibration.targets import Target, load_targets
from simulator.experiments.workers import country, open_workers

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Calibrated:
    """A fit and what it was made from."""

    fit: Fit
    prior: Prior
    recipe: Recipe
    targets: tuple[Target, ...]


def calibrate(
    folder: Path,
    *,
    budget: int,
    seed: int = 1,
    structures: Sequence[str] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    scale: float = 1.0,
    progress: Progress | None = None,
) -> Calibrated:
    """Fit the model to the official series of use ``fit``.

    Parameters
    ----------
    folder : keeps each finished simulation; a fit that is called again goes on from there
    budget : simulations in all
    seed : of parameter draws and of chance
    structures : that hold, at most one of a group; all of them share the prior by default
    workers, scheduler : see ``open_workers``
    scale : share of the country; anything but 1 is for tests
    progress : called with (done, total, label)
    """
    targets = load_targets(use=("fit",))
    recipe = Recipe(seed, until_of(load_targets()), scale)
    ledger, population = country(recipe.until, scale)
    prior = Prior(ledger, population, seed, tuple(structures))
    store = Store(folder / "simulations")
    with open_workers(workers, scheduler) as client:
        simulations = Simulations(recipe, store, client, budget, targets, progress)
        done = fit(
            prior,
            targets,
            simulations.run,
            lambda shown: log_likelihood(targets, shown),
            budget,
        )
    return Calibrated(done, prior, recipe, targets)
