"""Tables of policy: the scorecard, what is gained at what cost, for whom, what lasts, what each part adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scenarios.programmes import CLAIM_KEYS, DESIGN
from simulator.engine.states import month_name
from simulator.evidence import load_ledger
from simulator.explain import claim_in_words
from simulator.outcomes.effects import (
    BREAKDOWNS,
    EFFECTS,
    GOOD,
    Change,
    CostOfEffect,
    by_group,
    cost_of_effect,
    tradeoffs,
)
from simulator.outcomes.indicators import Interval, difference, summarise
from simulator.outcomes.scorecard import Score, Scorecard
from simulator.outcomes.sustainability import LATER, ended_by_value, last_years, lasting
from simulator.policy.national import HORIZON, Indicator
from simulator.policy.prices import BASE_YEAR
from simulator.report import (
    MILLION,
    PERIOD,
    bounds,
    count_in_words,
    count_record,
    full_years,
    periods,
    runs_note,
)
from simulator.tables import Column, Table, shown
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr

    from simulator.experiments.claims import Checked
    from simulator.experiments.contributions import Contributions
    from simulator.experiments.equal import Equal

MAIN: Final = ("first_entries", "returns", "child_months", "identified", "completed")
"""Indicators of a breakdown."""


def spread(summary: Interval | None, form: str) -> str:
    """Return a median with its interval in brackets, in one cell; one run has none."""
    if summary is None or not summary.runs:
        return t("cli.nothing")
    if summary.runs == 1:
        return shown(summary.median, form)
    low, high = (shown(value, form) for value in (summary.low, summary.high))
    return t("report.interval", median=shown(summary.median, form), low=low, high=high)


def form_of(indicator: Indicator) -> str:
    """Return the format of an indicator's values."""
    return ".0%" if indicator.unit == "share" else ",.0f"


def scorecard_table(card: Scorecard, dataset: xr.Dataset) -> Table:
    """Return every indicator that the model can speak to: targets, path, probability, year."""
    years = _shown_years(card, dataset)
    rows: list[dict[str, object]] = []
    for one in card.scores:
        row = _score_row(one, years)
        if rows and card.scores[len(rows) - 1].indicator is one.indicator:
            # An indicator is named once, above its scenarios.
            row |= {"code": "", "what": ""}
        rows.append(row)
    columns = (
        Column("code", t("score.column.code")),
        Column("what", t("report.column.indicator")),
        Column("scenario", t("report.column.scenario")),
        Column("baseline", t("score.column.baseline")),
        Column("target_2023", t("score.column.target", year=2023)),
        Column("reported", t("score.column.reported")),
        *(Column(f"y{year}", str(year)) for year in years),
        Column("target", t("score.column.target", year=HORIZON)),
        Column("mark", t("score.column.mark")),
        Column("probability", t("score.column.probability")),
        Column("reached", t("score.column.reached")),
    )
    notes = (
        t("score.note.targets"),
        *([t("score.note.level_off")] if any(one.is_level_off for one in card.scores) else []),
        *met_anyway(card),
        *out_of_range(card),
        t("score.note.reported"),
        runs_note(dataset),
        t("report.note.use"),
    )
    return Table(t("score.title.card"), columns, tuple(rows), notes)


def out_of_range(card: Scorecard) -> list[str]:
    """Return what there is to say of targets that no scenario surely reaches, where the model cannot."""
    out = []
    for one in _spoken(card):
        scores = [score for score in card.scores if score.indicator is one]
        if one.range[language()] and all(score.is_out_of_range for score in scores):
            out.append(f"{one.code}: {one.range[language()]}")
    return out


def met_anyway(card: Scorecard) -> list[str]:
    """Return which targets every scenario reaches, the first one too: they tell nothing about policies."""
    by_mark: dict[str, list[Score]] = {}
    for one in card.met_anyway:
        by_mark.setdefault(one.targets[HORIZON].mark, []).append(one)
    return [
        t(
            "score.note.met",
            codes=", ".join(one.indicator.code for one in some),
            mark=t(f"score.mark.{mark}"),
        )
        for mark, some in by_mark.items()
    ]


def chance(one: Score) -> str:
    """Return how probable the target of 2030 is, of how many runs; marked if it says little."""
    if one.at_horizon is None:
        return t("cli.nothing")
    told = count_in_words(one.at_horizon)
    return f"{told} *" if one.is_level_off else told


def _spoken(card: Scorecard) -> list[Indicator]:
    return list({one.indicator.code: one.indicator for one in card.scores}.values())


def _shown_years(card: Scorecard, dataset: xr.Dataset) -> list[int]:
    """Return the years of the columns: 2023, of which there are targets, 2027, 2030 and the run's last."""
    there = full_years(dataset)
    return [year for year in sorted({2023, 2027, HORIZON, there[-1]}) if year in there and card.scores]


def _score_row(one: Score, years: Sequence[int]) -> dict[str, object]:
    indicator = one.indicator
    form = form_of(indicator)
    goal = one.targets.get(HORIZON)

    def told(value: float | None) -> str:
        return shown(value, form)

    return {
        "code": indicator.code,
        "what": indicator.label[language()],
        "scenario": one.scenario,
        "baseline": told(indicator.baseline),
        "target_2023": told(indicator.target_2023),
        "reported": told(indicator.reported_2023),
        **{f"y{year}": spread(one.path.get(year), form) for year in years},
        "target": told(None if goal is None else goal.value),
        "mark": None if goal is None else t(f"score.mark.{goal.mark}"),
        "probability": chance(one),
        "reached": None if one.reached is None else str(one.reached),
    }


def score_records(card: Scorecard) -> list[dict[str, object]]:
    """Return every score for a program: all years, targets with their marks, and in how many runs reached."""
    met = {one.indicator.code for one in card.met_anyway}
    return [
        {
            "code": one.indicator.code,
            "scenario": one.scenario,
            "unit": one.indicator.unit,
            "direction": one.indicator.direction,
            "responsible": one.indicator.responsible,
            "baseline": one.indicator.baseline,
            "reported_2023": one.indicator.reported_2023,
            "formula": one.indicator.formula[language()],
            "range": (one.indicator.range[language()] or None) if one.is_out_of_range else None,
            "source": one.indicator.source,
            "reached": one.reached,
            "level_off": one.is_level_off,
            "runs": 0 if one.at_horizon is None else one.at_horizon.runs,
            "met_anyway": one.indicator.code in met,
            "years": [
                {
                    "year": year,
                    **bounds(summary),
                    "target": one.targets[year].value if year in one.targets else None,
                    "mark": one.targets[year].mark if year in one.targets else None,
                    **({} if year not in one.reaching else count_record(one.reaching[year])),
                }
                for year, summary in one.path.items()
            ],
        }
        for one in card.scores
    ]


def formulas_table(card: Scorecard) -> Table:
    """Return how each indicator of the scorecard is worked out, who is responsible, and its source."""
    rows = tuple(
        {
            "code": one.code,
            "what": one.label[language()],
            "formula": one.formula[language()],
            "direction": t(f"score.direction.{one.direction}"),
            "responsible": one.responsible,
            "source": one.source,
        }
        for one in _spoken(card)
    )
    columns = (
        Column("code", t("score.column.code")),
        Column("what", t("report.column.indicator")),
        Column("formula", t("score.column.formula")),
        Column("direction", t("score.column.direction")),
        Column("responsible", t("score.column.responsible")),
        Column("source", t("report.column.source")),
    )
    return Table(t("score.title.formulas"), columns, rows)


def silent_table(card: Scorecard) -> Table:
    """Return the indicators that the model cannot speak to, each with the reason."""
    rows = tuple(
        {"code": one.code, "what": one.label[language()], "reason": one.reason[language()]}
        for one in card.silent
    )
    columns = (
        Column("code", t("score.column.code")),
        Column("what", t("report.column.indicator")),
        Column("reason", t("score.column.reason")),
    )
    return Table(t("score.title.silent"), columns, rows)


def horizons(dataset: xr.Dataset) -> list[int]:
    """Return the years up to which costs are told: the policy's horizon, and the end of a longer run."""
    last = full_years(dataset)[-1]
    return sorted({min(HORIZON, last), last})


def costs_table(dataset: xr.Dataset, prices: Mapping[str, Sequence[float]] | None = None) -> Table:
    """Return money, gain and cost of each effect; where a ratio has no meaning, the cost-effect plane.

    Parameters
    ----------
    prices : soles for one effect, by effect; each says how probable it is that the scenario is worth it
    """
    first, *others = (str(name) for name in dataset["scenario"].values)
    asked = prices or {}
    rows = []
    for name in others:
        for effect in EFFECTS:
            for year in horizons(dataset):
                told = cost_of_effect(dataset, name, first, effect, until=year, rate=discount_rate())
                worth = "; ".join(
                    t("score.worth", chance=count_in_words(told.worth(price)), price=f"{price:,.0f}")
                    for price in asked.get(effect, ())
                )
                rows.append(
                    {
                        "scenario": name,
                        "effect": effect,
                        "what": t(f"effect.{effect}"),
                        "until": year,
                        "money": spread(_times(told.money, 1 / MILLION), ",.1f"),
                        "gained": spread(told.gained, "n"),
                        "cost": cost_in_words(told),
                        "numbers": {
                            "money": bounds(_times(told.money, 1 / MILLION)),
                            "gained": bounds(told.gained),
                            "cost": None if told.ratio is None else bounds(told.ratio),
                        },
                        "reason": told.reason,
                        **{part: count_in_words(count) for part, count in told.plane().items()},
                        "plane": {part: count_record(count) for part, count in told.plane().items()},
                        "worth": worth or None,
                        "worth_at": {
                            f"{price:.0f}": count_record(told.worth(price)) for price in asked.get(effect, ())
                        },
                    }
                )
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("effect", ""),
        Column("what", t("score.column.effect")),
        Column("until", t("score.column.until"), "d"),
        Column("money", t("score.column.money", year=BASE_YEAR)),
        Column("gained", t("score.column.gained")),
        Column("cost", t("score.column.cost", year=BASE_YEAR)),
        Column("numbers", ""),
        Column("reason", ""),
        *(Column(part, t(f"score.column.{part}")) for part in PLANE),
        Column("plane", ""),
        *([Column("worth", t("score.column.worth"))] if asked else []),
        Column("worth_at", ""),
    )
    title = t("score.title.costs", first=first)
    notes = (
        t("score.note.costs", rate=f"{discount_rate():.0%}", year=BASE_YEAR),
        t("report.note.assumed_costs"),
        runs_note(dataset),
    )
    return Table(title, columns, tuple(rows), notes)


PLANE: Final = ("dearer_better", "dearer_worse", "cheaper_better", "cheaper_worse")
"""Parts of the cost-effect plane."""


def discount_rate() -> float:
    """Return the yearly rate at which costs and effects are discounted."""
    return load_ledger().parameters["prices.discount_rate"].central


def cost_in_words(told: CostOfEffect) -> str:
    """Return soles for one effect with their interval, or why there is no such ratio."""
    if told.ratio is not None:
        return spread(told.ratio, "n")
    return t(f"score.no_ratio.{told.reason}")


def _times(summary: Interval, factor: float) -> Interval:
    error = None if summary.error is None else factor * summary.error
    low, high = factor * summary.low, factor * summary.high
    return Interval(factor * summary.median, low, high, error, summary.runs)


def tradeoffs_table(dataset: xr.Dataset, years: Sequence[int]) -> Table:
    """Return what each scenario makes better, worse, or leaves open, beside the first one.

    Parameters
    ----------
    years : consecutive, such as one of ``report.periods``
    """
    first, *others = (str(name) for name in dataset["scenario"].values)
    title = t("score.title.tradeoffs", first=first, start=years[0], end=years[-1])
    return _tradeoffs(dataset, title, dict.fromkeys(others, years))


def tradeoffs_at_end_table(dataset: xr.Dataset) -> Table:
    """Return the same of the last years of every scenario's programmes: see ``years_at_end``."""
    title = t("score.title.tradeoffs_end", first=str(dataset["scenario"].values[0]))
    return _tradeoffs(dataset, title, years_at_end(dataset), by_scenario=True)


def years_at_end(dataset: xr.Dataset) -> dict[str, list[int]]:
    """Return, by scenario, the last years of its programmes, unless ``report.periods`` has them already."""
    _, *others = (str(name) for name in dataset["scenario"].values)
    told = {name: last_years(dataset, name, PERIOD) for name in others}
    return {name: years for name, years in told.items() if years and years not in periods(dataset)}


def _tradeoffs(
    dataset: xr.Dataset, title: str, years: Mapping[str, Sequence[int]], *, by_scenario: bool = False
) -> Table:
    """Return the trade-offs of some scenarios beside the first one, each over years of its own."""
    first = str(dataset["scenario"].values[0])
    rows = tuple(
        {
            "scenario": name,
            "start": some[0],
            "end": some[-1],
            "years": f"{some[0]}-{some[-1]}",
            "indicator": one.indicator,
            "what": t(f"indicator.{one.indicator}"),
            "verdict_key": one.verdict,
            "verdict": verdict_in_words(one),
            **{key: value for key, value in count_record(one.better).items() if key != "probability"},
            **bounds(one.change),
        }
        for name, some in years.items()
        for one in tradeoffs(dataset.sel(scenario=[first, name]), first, some)
    )
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("start", ""),
        Column("end", ""),
        Column("years", t("score.column.years") if by_scenario else ""),
        Column("indicator", ""),
        Column("what", t("report.column.indicator")),
        Column("median", t("report.column.difference"), "+n"),
        Column("low", t("report.column.low"), "+n"),
        Column("high", t("report.column.high"), "+n"),
        *(Column(key, "") for key in ("verdict_key", "hits", "runs")),
        Column("verdict", t("score.column.verdict")),
    )
    return Table(title, columns, rows, (t("score.note.tradeoffs"), runs_note(dataset)))


def verdict_in_words(one: Change) -> str:
    """Return what a change means for children; of few runs, in how many it is better, or more."""
    if one.verdict != "few":
        return t(f"score.verdict.{one.verdict}")
    key = "better" if GOOD[one.indicator] else "more"
    return t(f"score.few_are.{key}", hits=one.better.hits, runs=one.better.runs)


def breakdown_table(dataset: xr.Dataset, by: str, years: Sequence[int] | None = None) -> Table:
    """Return what each scenario changes for each group of children, a year, beside the first one.

    Parameters
    ----------
    by : of ``BREAKDOWNS``
    years : consecutive; by default those up to the policy's horizon, as in the brief
    """
    first, *others = (str(name) for name in dataset["scenario"].values)
    years = list(years or periods(dataset)[0])
    table = by_group(dataset, by)[list(MAIN)].sel(year=years).mean("year")
    rows = []
    for name in others or [first]:
        change = difference(table, name, first) if others else table.sel(scenario=name, drop=True)
        for group in (str(g) for g in table[by].values):
            row = {"scenario": name, "group": group, "what": t(f"{GROUP_TEXTS[by]}.{group}")}
            row |= {key: spread(summarise(change[key].sel({by: group})), "n") for key in MAIN}
            rows.append(row)
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("group", ""),
        Column("what", t(f"score.group.{by}")),
        *(Column(key, t(f"indicator.{key}")) for key in MAIN),
    )
    kind = "breakdown" if others else "breakdown_alone"
    title = t(f"score.title.{kind}", group=t(f"score.group.{by}"), first=first, start=years[0], end=years[-1])
    return Table(title, columns, tuple(rows), (t("score.note.groups"), runs_note(dataset)))


GROUP_TEXTS: Final = {"sex": "sex", "area": "area", "language": "mother_tongue", "migrant": "migrant"}
"""Section of the catalogue that names the groups of each breakdown."""

if set(GROUP_TEXTS) != set(BREAKDOWNS):
    raise AssertionError("every breakdown needs names for its groups")


def lasting_table(dataset: xr.Dataset) -> Table:
    """Return what is left of the gains of programmes, years after their end."""
    first = str(dataset["scenario"].values[0])
    rows = []
    for one in lasting(dataset, first):
        row: dict[str, object] = {
            "scenario": one.scenario,
            "measure": one.measure,
            "what": t(f"effect.{one.measure}"),
            "end": month_name(round(one.end.median)),
            "gain": spread(one.gain, "n"),
        }
        row |= {f"left_{years}": _left(one.left[years], is_told=one.is_told) for years in LATER}
        rows.append(row)
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("measure", ""),
        Column("what", t("score.column.effect")),
        Column("end", t("score.column.end")),
        Column("gain", t("score.column.gain")),
        *(Column(f"left_{years}", t("score.column.left", years=years)) for years in LATER),
    )
    title = t("score.title.lasting", first=first)
    notes = (t("score.note.lasting"), *met_in_words(dataset), runs_note(dataset))
    return Table(title, columns, tuple(rows), notes)


def met_in_words(dataset: xr.Dataset) -> list[str]:
    """Return in how many runs each programme that ends by a value ended by it; else it ended on its date."""
    return [
        t("score.ended_by_value", name=one.scenario, ended=one.ended, runs=one.runs)
        for one in ended_by_value(dataset)
    ]


def _left(share: Interval | None, *, is_told: bool) -> str:
    if share is None:
        return t("score.beyond") if is_told else t("score.no_gain")
    return spread(share, ".0%")


def contributions_table(told: Contributions) -> Table:
    """Return what each part of a scenario adds, and the synergy of the whole."""
    rows: list[dict[str, object]] = [
        {
            "effect": one.effect,
            "what": t(f"effect.{one.effect}"),
            "kind": one.kind,
            "part": t("score.design", programme=one.part)
            if one.kind == DESIGN
            else one.part or t("score.whole"),
            "money": spread(_times(one.money, 1 / MILLION), ",.1f"),
            "alone": spread(one.alone, "n"),
            "added": spread(one.added, "n"),
        }
        for one in told.rows
    ]
    rows += [
        {
            "effect": effect,
            "what": t(f"effect.{effect}"),
            "part": t("score.synergy"),
            "alone": spread(gap, "n"),
        }
        for effect, gap in told.synergy.items()
    ]
    columns = (
        Column("effect", ""),
        Column("what", t("score.column.effect")),
        Column("kind", ""),
        Column("part", t("score.column.part")),
        Column("money", t("report.column.constant", year=BASE_YEAR)),
        Column("alone", t("score.column.alone")),
        Column("added", t("score.column.added")),
    )
    title = t("score.title.contributions", name=told.scenario)
    return Table(title, columns, tuple(rows), (t("score.note.contributions"),))


def claims_table(checked: Sequence[Checked]) -> Table:
    """Return the claims of scenarios beside what runs show."""
    rows = tuple(
        {
            "scenario": one.scenario,
            **one.claim.to_mapping(),
            "claim": claim_in_words(one.claim),
            **bounds(one.change),
            "share": one.share,
            "share_low": one.bounds[0],
            "share_high": one.bounds[1],
            "told": _of_runs(one),
            "holds": one.holds,
        }
        for one in checked
    )
    columns = (
        Column("scenario", t("report.column.scenario")),
        *(Column(key, "") for key in CLAIM_KEYS),
        Column("claim", t("explain.column.claim")),
        Column("median", t("report.column.difference"), "+n"),
        Column("low", t("report.column.low"), "+n"),
        Column("high", t("report.column.high"), "+n"),
        *(Column(key, "") for key in ("share", "share_low", "share_high")),
        Column("told", t("score.column.true")),
        Column("holds", t("score.column.holds")),
    )
    return Table(t("score.title.claims"), columns, rows, (t("score.note.claims"),))


def _of_runs(one: Checked) -> str:
    """Return in how many runs a claim is true, with the interval of that share."""
    low, high = (f"{value:.0%}" for value in one.bounds)
    return t("score.of_runs", true=sum(one.true), runs=len(one.true), low=low, high=high)


def kept_claims() -> list[str]:
    """Return what the kept table of claims says, for the documents: how it was made, then every claim."""
    from simulator.experiments.kept_claims import read_kept  # noqa: PLC0415  (compiled code, for this alone)

    kept = read_kept()
    table = claims_table([one.checked for one in kept])
    made = {(one.draws, one.replicates, one.seed, one.draws_from): None for one in kept}
    told = [
        t("score.claims_made", draws=draws, replicates=replicates, seed=seed, draws_from=draws_from)
        for draws, replicates, seed, draws_from in made
    ]
    lines = table.markdown()
    return [*told, "", *lines[lines.index("") + 1 :]]


def equal_table(equal: Sequence[Equal], stage: str, total: float) -> Table:
    """Return by what the programmes of scenarios are multiplied so that their money is the same."""
    rows = tuple(
        {
            "scenario": one.scenario.name,
            "multiply": round(one.multiply, 6),
            "total": one.total / MILLION,
            "reached": one.reached,
        }
        for one in equal
    )
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("multiply", t("score.column.multiply"), ".6f"),
        Column("total", t("score.column.present_value", year=BASE_YEAR), ",.2f"),
        Column("reached", t("score.column.holds")),
    )
    title = t("score.title.equal", stage=t(f"money.{stage}"), total=f"{total / MILLION:,.1f}")
    return Table(title, columns, rows, (t("score.note.equal"),))
