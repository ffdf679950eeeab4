"""Commands that read a sweep: sensitivity, discovery, robustness, value of information."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from simulator.faults import did_you_mean
from simulator.terminal import (
    LARGEST_SEED,
    bad_option,
    check_writable,
    flag,
    names_of,
    one_name,
    option,
    print_json,
    show,
    unwritable,
    whole,
)
from simulator.texts import t

if TYPE_CHECKING:
    import xarray as xr

    from simulator.exports.brief import Brief
    from simulator.exports.vega import Spec
    from simulator.tables import Table

SIDES: Final = ("higher", "lower")
KINDS: Final = ("level", "effect")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")


def sensitivity(
    names: Annotated[list[str] | None, names_of("store")] = None,
    *,
    output: Annotated[list[str] | None, option("--output", "output_kept")] = None,
    scenario: Annotated[str | None, option("--scenario", "scenario_of")] = None,
    year: Annotated[list[str] | None, option("--year", "year_of")] = None,
    on: Annotated[str | None, option("--on", "on")] = None,
    place: Annotated[str | None, option("--place", "place_of")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    out: Annotated[str | None, option("--out", "pages")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Show which inputs a result, or the effect of a policy, depends on."""
    kind = _kind(on)
    years = [whole("--year", text, 1, 9999) for text in year or ()] or None
    rng = whole("--seed", seed, 0, LARGEST_SEED)
    store = _store("sensitivity", names, place)

    from simulator.experiments.analysis import sensitivity as analysis
    from simulator.experiments.analysis.futures import one_of, outputs_of, scenarios_of
    from simulator.exports.analyses import sensitivity_page
    from simulator.report_analysis import sensitivity_table

    there = scenarios_of(store)
    kind = kind or (KINDS[1] if len(there) > 1 else KINDS[0])
    chosen = one_of(store, "scenario", scenario or there[-1], there[1:] if kind == KINDS[1] else there)
    told = analysis.sensitivity(store, output or outputs_of(store), years, kinds=(kind,), seed=rng)
    tables: list[Table] = []
    pages: dict[str, tuple[Brief, Spec]] = {}
    for name in told["output"].values:
        for when in told["year"].values:
            one = told.sel(kind=kind, scenario=chosen, output=name, year=when)
            if not _varies(one, analysis.leading(told)):
                continue
            tables.append(sensitivity_table(one, store))
            pages[f"sensitivity-{name}-{when}"] = sensitivity_page(one, store)
    _tell(tables, pages, out, quiet=quiet, as_json=as_json)


def _varies(told: xr.Dataset, index: str) -> bool:
    return bool(told[index].notnull().any())


def discover(
    names: Annotated[list[str] | None, names_of("store")] = None,
    *,
    output: Annotated[str | None, option("--output", "output_kept")] = None,
    below: Annotated[str | None, option("--below", "below")] = None,
    above: Annotated[str | None, option("--above", "above")] = None,
    scenario: Annotated[str | None, option("--scenario", "scenario_of")] = None,
    year: Annotated[str | None, option("--year", "year_of")] = None,
    on: Annotated[str | None, option("--on", "on")] = None,
    fresh: Annotated[str | None, option("--fresh", "fresh")] = None,
    place: Annotated[str | None, option("--place", "place_of")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    out: Annotated[str | None, option("--out", "pages")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Show under which conditions a result lies below or above a threshold."""
    kind = _kind(on) or KINDS[0]
    limits = {
        side: None if text is None else _number(f"--{side}", text)
        for side, text in (("below", below), ("above", above))
    }
    when = None if year is None else whole("--year", year, 1, 9999)
    rng = whole("--seed", seed, 0, LARGEST_SEED)
    store = _store("discover", names, place)
    again = None if fresh is None else _store("discover", [fresh], place)

    from simulator.experiments.analysis import discovery
    from simulator.exports.analyses import discovery_page
    from simulator.report_analysis import discovery_table, quality_table

    told = discovery.discover(
        store, _output(store, output), scenario, year=when, kind=kind, fresh=again, seed=rng, **limits
    )
    page = {f"discovery-{told.attrs['output']}-{told.attrs['year']}": discovery_page(told, store)}
    _tell([discovery_table(told, store), quality_table(told)], page, out, quiet=quiet, as_json=as_json)


def robustness(
    names: Annotated[list[str] | None, names_of("store")] = None,
    *,
    output: Annotated[str | None, option("--output", "output_kept")] = None,
    year: Annotated[str | None, option("--year", "year_of")] = None,
    better: Annotated[str | None, option("--better", "better")] = None,
    price: Annotated[str | None, option("--price", "worth")] = None,
    reach: Annotated[str | None, option("--reach", "reach")] = None,
    place: Annotated[str | None, option("--place", "place_of")] = None,
    out: Annotated[str | None, option("--out", "pages")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Show how scenarios do over all futures: their worst, their regret, how often each is best."""
    when = None if year is None else whole("--year", year, 1, 9999)
    side, soles = _side(better), None if price is None else _number("--price", price)
    goal = None if reach is None else _number("--reach", reach)
    store = _store("robustness", names, place)

    from simulator.experiments.analysis import choices
    from simulator.exports.analyses import robustness_page
    from simulator.report_analysis import robustness_table

    told = choices.robustness(store, _output(store, output), when, better=side, price=soles, threshold=goal)
    page = {f"robustness-{told.attrs['output']}-{told.attrs['year']}": robustness_page(told, store)}
    _tell([robustness_table(told, store)], page, out, quiet=quiet, as_json=as_json)


def value_of_information(
    names: Annotated[list[str] | None, names_of("store")] = None,
    *,
    output: Annotated[str | None, option("--output", "output_kept")] = None,
    year: Annotated[str | None, option("--year", "year_of")] = None,
    better: Annotated[str | None, option("--better", "better")] = None,
    price: Annotated[str | None, option("--price", "worth")] = None,
    place: Annotated[str | None, option("--place", "place_of")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    out: Annotated[str | None, option("--out", "pages")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Show what it is worth to know an uncertain input before choosing among scenarios."""
    when = None if year is None else whole("--year", year, 1, 9999)
    side, soles = _side(better), None if price is None else _number("--price", price)
    rng = whole("--seed", seed, 0, LARGEST_SEED)
    store = _store("value-of-information", names, place)

    from simulator.experiments.analysis import choices
    from simulator.exports.analyses import information_page
    from simulator.report_analysis import information_table

    told = choices.information(store, _output(store, output), when, better=side, price=soles, seed=rng)
    page = {f"information-{told.attrs['output']}-{told.attrs['year']}": information_page(told, store)}
    _tell([information_table(told, store)], page, out, quiet=quiet, as_json=as_json)


# What is asked for in words, and what is shown.


def _store(command: str, names: Sequence[str] | None, place: str | None) -> xr.Dataset:
    """Return an opened store, or one territory (``21``) or place (``21/rural``) of it."""
    path = Path(one_name(names or (), command, t("sweep.allowed.store")))

    from simulator.experiments.analysis.futures import one_of
    from simulator.experiments.sweep.store import open_store

    store = open_store(path, check=True)
    for dim, code in zip(("territory", "area"), (place or "").split("/"), strict=False):
        if code:
            there = [str(one) for one in store[dim].values] if dim in store.dims else []
            store = store.sel({dim: one_of(store, dim, code, there)})
    return store


def _output(store: xr.Dataset, output: str | None) -> str:
    from simulator.experiments.analysis.futures import outputs_of

    if output is None:
        raise bad_option("--output", "", ", ".join(outputs_of(store)))
    return output


def _kind(text: str | None) -> str | None:
    if text not in (None, *KINDS):
        raise bad_option("--on", str(text), ", ".join(KINDS), did_you_mean(str(text), KINDS))
    return text


def _side(text: str | None) -> str | None:
    if text not in (None, *SIDES):
        raise bad_option("--better", str(text), ", ".join(SIDES), did_you_mean(str(text), SIDES))
    return text


def _number(name: str, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise bad_option(name, text, t("analysis.allowed.number"))
    return float(text)


def _tell(
    tables: Sequence[Table],
    pages: dict[str, tuple[Brief, Spec]],
    out: str | None,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Show tables, and write a page and a picture for each analysis if a folder is given."""
    paths: list[Path] = []
    if out is not None:
        from simulator.exports.analyses import write

        folder = Path(out)
        check_writable(folder / "sintrata")
        try:
            for name, (page, chart) in pages.items():
                paths += write(page, chart, folder, name)
        except OSError as error:
            raise unwritable(folder, error) from None
    if as_json:
        told = [{"title": table.title, "rows": table.records(), "notes": table.notes} for table in tables]
        print_json({"tables": told, "files": [str(path) for path in paths]})
        return
    if not quiet:
        for table in tables:
            show(table)
            print()
    for path in paths:
        print(path if quiet else t("cli.written", path=path))
