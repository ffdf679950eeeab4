"""SinTrata as a model of the EMA Workbench: levers, uncertainties and outcomes of one run of the country.

    pip install ema-workbench
    python docs/examples/with_ema_workbench.py

Every experiment runs the comparator and the policy under the same draw and chance, so that outcomes are
effects of the policy. ``scale`` is for tests: decisions need the whole country.
"""

from __future__ import annotations

from ema_workbench import Model, RealParameter, ScalarOutcome, SequentialEvaluator

import simulator

UNCERTAINTIES = ("recruitment.rr_poverty", "reintegration.completion", "care.stay_specialised_months")
"""Parameters of the ledger that vary over its own range; any may stand here."""


def policy(groups: float, upe: float, scale: float = 1.0, seed: int = 0, **values: float) -> dict[str, float]:
    """Return what groups and posts change in 2027-2030, beside the trend, for one set of parameter values.

    Parameters
    ----------
    groups : share of adolescents at risk who take part in targeted groups
    upe : posts added to every special protection unit, as a share of those it has
    values : parameters, with double underscores for the dot of their names
    """
    parameters = {name.replace("__", "."): value for name, value in values.items()}
    label = {"es": "Ejemplo", "en": "Example"}
    trend = simulator.Scenario.from_mapping(
        {"schema": 1, "base": "baseline", "label": label, "parameters": parameters}, name="trend"
    )
    measures = [
        {"use": "targeted_groups", "start": "2027-01", "ramp_months": 12, "amount": groups},
        {"use": "upe_capacity", "start": "2027-01", "ramp_months": 12, "amount": upe},
    ]
    changed = simulator.Scenario.from_mapping(
        {
            "schema": 1,
            "base": "baseline",
            "label": label,
            "parameters": parameters,
            "interventions": measures,
        },
        name="policy",
    )
    result = simulator.compare([trend, changed], seed=seed, threads=1, scale=scale)
    late = result.sel(month=slice("2027-01", None)).sum(("month", "territory", "area"))
    one, other = (late["flow"].sel(scenario=name).squeeze() for name in ("policy", "trend"))
    change = one - other
    return {
        "protected": float(change.sel(from_state="IDENTIFIED", to_state="PROTECTED")),
        "completed": float(change.sel(from_state="FOLLOW_UP", to_state="REINTEGRATED")),
        "first_entries": float(change.sel(from_state="HOME", to_state="EXPLOITED")),
    }


def model(scale: float = 1.0) -> Model:
    """Return the model; uncertainties have the ranges of the ledger."""
    ledger = simulator.load_ledger().parameters

    def run(**values: float) -> dict[str, float]:
        return policy(scale=scale, **values)

    told = Model("sintrata", function=run)
    told.levers = [RealParameter("groups", 0.0, 0.3), RealParameter("upe", 0.0, 1.0)]
    told.uncertainties = [
        RealParameter(name.replace(".", "__"), ledger[name].low, ledger[name].high) for name in UNCERTAINTIES
    ]
    told.outcomes = [ScalarOutcome(name) for name in ("first_entries", "protected", "completed")]
    return told


def main(scale: float = 1.0, futures: int = 4, policies: int = 2, seed: int = 0):
    """Run a few policies in a few futures, the same for the same seed; return experiments and outcomes."""
    with SequentialEvaluator(model(scale)) as evaluator:
        return evaluator.perform_experiments(
            scenarios=futures,
            policies=policies,
            uncertainty_sampling_kwargs={"rng": seed},
            lever_sampling_kwargs={"rng": seed + 1},
        )


if __name__ == "__main__":
    experiments, outcomes = main()
    print(experiments.assign(**outcomes).to_string())
