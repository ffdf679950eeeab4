"""Commands of policy: the scorecard, claims, equal money, what each part adds, and what people take away."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from simulator.faults import did_you_mean
from simulator.terminal import (
    FAULTY,
    LARGEST_COUNT,
    LARGEST_SEED,
    OK,
    bad_option,
    check_writable,
    count_fault,
    flag,
    load_scenarios,
    month_of,
    names_of,
    one_name,
    option,
    print_json,
    progress_bar,
    show,
    source_of_draws,
    unwritable,
    whole,
)
from simulator.texts import t

if TYPE_CHECKING:
    import xarray as xr

    from scenarios import Scenario

GROUPS: Final = ("sex", "area", "language", "migrant")
STAGES: Final = ("executed", "pim")
KINDS: Final = ("brief", "workbook", "monitoring", "data")
BRIEF_FORMATS: Final = ("html", "pdf", "docx")
DATA_FORMATS: Final = ("zarr", "netcdf", "csv")
LARGEST_PRICE: Final = 1e12
PRICED: Final = ("child_months", "completed", "returns")
"""Effects that can be given a price; the first one if none is named."""

FIRST_PROGRAMMED, LAST_PROGRAMMED = 2017, 2049


def score(
    names: Annotated[list[str] | None, names_of("scored")] = None,
    *,
    result: Annotated[str | None, option("--from", "result")] = None,
    target: Annotated[list[str] | None, option("--target", "target")] = None,
    by: Annotated[list[str] | None, option("--by", "by")] = None,
    price: Annotated[list[str] | None, option("--price", "price")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "paired_draws")] = "12",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    until: Annotated[str | None, option("--until", "until")] = None,
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Show the scorecard of the 2030 policy, what is gained at what cost, and what lasts."""
    for each in by or ():
        if each not in GROUPS:
            raise bad_option("--by", each, ", ".join(GROUPS), did_you_mean(each, GROUPS))
    targets, prices = _targets(target or ()), _prices(price or ())
    options = _options(seed, draws, replicates, draws_from, threads)
    dataset = _result(names or (), result, until, options, quiet=quiet or as_json)

    from simulator import report_policy as tables
    from simulator.outcomes.scorecard import scorecard
    from simulator.report import periods

    card = scorecard(dataset, targets)
    several = dataset.sizes["scenario"] > 1
    out = {"scorecard": tables.scorecard_table(card, dataset), "silent": tables.silent_table(card)}
    if several:
        out["costs"] = tables.costs_table(dataset, prices)
        for years in periods(dataset):
            out[f"tradeoffs_{years[-1]}"] = tables.tradeoffs_table(dataset, years)
        out["tradeoffs_end"] = tables.tradeoffs_at_end_table(dataset)
        out["lasting"] = tables.lasting_table(dataset)
    chosen = GROUPS if as_json else tuple(dict.fromkeys(by or ()))
    out |= {f"by_{group}": tables.breakdown_table(dataset, group) for group in chosen}
    if as_json:
        records = {key: table.records() for key, table in out.items()}
        print_json({**records, "scorecard": tables.score_records(card)})
        return
    out["formulas"] = tables.formulas_table(card)
    printed = False
    for key, table in out.items():
        if table.rows and not (quiet and key != "scorecard"):
            if printed:
                print()
            show(table)
            printed = True


def claims(
    names: Annotated[list[str] | None, names_of("claimed")] = None,
    *,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "claim_draws")] = "10",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    out: Annotated[str | None, option("--out", "claims_table")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> int:
    """Check what scenarios claim by running them; exit code 2 if something does not hold."""
    from scenarios import library

    place = None if out is None else Path(out)
    if place is not None:
        check_writable(place)
    options = _options(seed, draws, replicates, draws_from, threads)
    scenarios = load_scenarios(names or tuple(library()), None)

    from simulator.experiments.claims import check_claims
    from simulator.report_policy import claims_table

    with progress_bar(quiet=quiet or as_json) as progress:
        checked = check_claims(scenarios, progress=progress, **options)
    if place is not None:
        from simulator.experiments.kept_claims import kept_of, write_kept

        del options["threads"]
        try:
            write_kept(kept_of(checked, scenarios, **options), place)
        except OSError as error:
            raise unwritable(place, error) from None
    table = claims_table(checked)
    if as_json:
        print_json({**options, "rows": table.records()})
    elif not quiet:
        show(table)
        if place is not None:
            print(t("cli.written", path=place))
    return OK if all(one.holds for one in checked) else FAULTY


def equal(
    names: Annotated[list[str] | None, names_of("equalled")] = None,
    *,
    total: Annotated[str | None, option("--total", "total")] = None,
    stage: Annotated[str, option("--stage", "stage")] = "executed",
    until: Annotated[str, option("--until", "counted_until")] = "2040-12",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> int:
    """Tell by what the programmes of scenarios are multiplied so that they spend the same."""
    if not names:
        raise count_fault("equal", (), t("cli.allowed.files"))
    if total is None:
        raise bad_option("--total", "", t("cli.allowed.price"), t("cli.do.help", command="sintrata equal"))
    if stage not in STAGES:
        raise bad_option("--stage", stage, ", ".join(STAGES), did_you_mean(stage, STAGES))
    money, last = _price(total, "--total"), month_of("--until", until)
    n_threads = None if threads is None else whole("--threads", threads, 1, 1024)
    scenarios = load_scenarios(names, None)
    for each in scenarios:
        if not each.programmes:
            raise bad_option(
                "equal", each.name, t("cli.allowed.with_programmes"), t("cli.do.with_programmes")
            )

    from simulator.evidence import load_ledger
    from simulator.experiments.equal import equal_money
    from simulator.report_policy import equal_table

    rate = load_ledger().parameters["prices.discount_rate"].central
    with progress_bar(quiet=quiet or as_json) as progress:
        found = equal_money(
            scenarios, money, rate=rate, until=last, stage=stage, threads=n_threads, progress=progress
        )
    table = equal_table(found, stage, money)
    if as_json:
        print_json({"total": money, "stage": stage, "rate": rate, "rows": table.records()})
    elif quiet:
        print("\n".join(f"{one.multiply:.6f}" for one in found))
    else:
        show(table)
    return OK if all(one.reached for one in found) else FAULTY


def contributions(
    names: Annotated[list[str] | None, names_of("scenario")] = None,
    *,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "claim_draws")] = "10",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    until: Annotated[str | None, option("--until", "until")] = None,
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Tell what each part of a scenario adds, and the synergy of the whole."""
    options = _options(seed, draws, replicates, draws_from, threads)
    scenario = load_scenarios([one_name(names or (), "contributions", t("cli.allowed.one_scenario"))], until)[
        0
    ]

    from simulator.experiments.contributions import contributions as work_out
    from simulator.experiments.contributions import parts_of
    from simulator.report_policy import contributions_table

    if not parts_of(scenario):
        raise bad_option("contributions", scenario.name, t("cli.allowed.with_parts"), t("cli.do.with_parts"))
    # The page that starts this command reads its lines; the output is JSON all the same.
    with progress_bar(quiet=quiet, lines=as_json) as progress:
        table = contributions_table(work_out(scenario, progress=progress, **options))
    if as_json:
        print_json({"scenario": scenario.name, **options, "rows": table.records()})
    else:
        show(table)


def export(
    names: Annotated[list[str] | None, names_of("exported")] = None,
    *,
    result: Annotated[str | None, option("--from", "result")] = None,
    form: Annotated[list[str] | None, option("--format", "export_format")] = None,
    out: Annotated[str, option("--out", "folder")] = "results",
    year: Annotated[str | None, option("--year", "programming_year")] = None,
    target: Annotated[list[str] | None, option("--target", "target")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "paired_draws")] = "12",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    until: Annotated[str | None, option("--until", "until")] = None,
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Write a brief, a workbook, a monitoring export, or the data."""
    kind, *scenarios = names or ("",)
    if kind not in KINDS:
        raise bad_option("export", kind, ", ".join(KINDS), did_you_mean(kind, KINDS))
    forms = _forms(kind, form or [])
    base = None if year is None else whole("--year", year, FIRST_PROGRAMMED, LAST_PROGRAMMED)
    targets = _targets(target or ())
    options = _options(seed, draws, replicates, draws_from, threads)
    folder = Path(out)
    check_writable(folder / "sintrata")
    from simulator.exports import write
    from simulator.exports.monitoring import READ

    read = READ if kind == "monitoring" else None
    dataset = _result(scenarios, result, until, {**options, "variables": read}, quiet=quiet or as_json)
    try:
        paths = write(kind, dataset, folder, forms, year=base, targets=targets)
    except OSError as error:
        raise unwritable(folder, error) from None
    if as_json:
        print_json({"kind": kind, "files": [str(path) for path in paths]})
    else:
        for path in paths:
            print(path if quiet else t("cli.written", path=path))


def _forms(kind: str, forms: list[str]) -> list[str]:
    """Return the formats of an export: those asked for, or its usual one."""
    allowed = {"brief": BRIEF_FORMATS, "data": DATA_FORMATS}.get(kind, ("xlsx",))
    for form in forms:
        if form not in allowed:
            raise bad_option("--format", form, ", ".join(allowed), did_you_mean(form, allowed))
    return forms or [allowed[0]]


# What is asked for in words.


def _options(seed: str, draws: str, replicates: str, draws_from: str, threads: str | None) -> dict[str, Any]:
    return {
        "seed": whole("--seed", seed, 0, LARGEST_SEED),
        "draws": whole("--draws", draws, 1, LARGEST_COUNT),
        "replicates": whole("--replicates", replicates, 1, LARGEST_COUNT),
        "draws_from": source_of_draws(draws_from),
        "threads": None if threads is None else whole("--threads", threads, 1, 1024),
    }


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,12})?", text):
        return None
    return float(text)


def _price(text: str, name: str = "--price") -> float:
    value = _number(text.replace("_", ""))
    if value is None or not 0.0 < value <= LARGEST_PRICE or not math.isfinite(value):
        raise bad_option(name, text, t("cli.allowed.price"))
    return value


def _prices(words: Sequence[str]) -> dict[str, list[float]]:
    """Return soles for one effect, by effect; a number alone is for a child-month of exploitation."""
    out: dict[str, list[float]] = {}
    for word in words:
        effect, _, text = word.rpartition("=")
        effect = effect or PRICED[0]
        if effect not in PRICED:
            raise bad_option("--price", word, t("cli.allowed.prices"), did_you_mean(effect, PRICED))
        out.setdefault(effect, []).append(_price(text))
    return out


def _targets(words: Sequence[str]) -> dict[str, float]:
    out: dict[str, float] = {}
    for word in words:
        code, _, text = word.partition("=")
        value = _number(text)
        if value is None or not code:
            raise bad_option("--target", word, t("cli.allowed.target"))
        out[code] = value
    return out


def _result(
    names: Sequence[str], result: str | None, until: str | None, options: dict[str, Any], *, quiet: bool
) -> xr.Dataset:
    """Return a result that is there, or run the scenarios named."""
    if result is not None:
        from simulator.outcomes.export import load

        dataset = load(Path(result))
        there = [str(name) for name in dataset["scenario"].values]
        missing = [name for name in names if name not in there]
        if missing:
            raise bad_option("--from", " ".join(missing), ", ".join(there), t("cli.do.of_result"))
        return dataset.sel(scenario=list(names)) if names else dataset
    if not names:
        raise count_fault("score", (), t("cli.allowed.files"))
    scenarios: list[Scenario] = load_scenarios(names, until)

    import simulator

    with progress_bar(quiet=quiet) as progress:
        return simulator.compare(scenarios, progress=progress, **options)
