"""How robust is it: design a sweep of many runs, run it behind the page, look at what drives the result."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr
from numpy.typing import NDArray
from ruamel.yaml import YAML
from scipy.stats import norm

from app import background, parts, period, results, screen, state
from app.charts import base, drivers
from app.jobs import OUTPUT, Job
from app.views import analyses
from scenarios import levers, library
from simulator import Scenario, load_ledger
from simulator.outcomes.counted import ENOUGH
from simulator.outcomes.indicators import TWO_SIDED
from simulator.texts import language, t

JOB: Final = "lab_job"
SAMPLERS: Final = ("latin_hypercube", "prior", "sobol", "morris", "saltelli")
SIZE_OF: Final = {
    "latin_hypercube": "draws",
    "prior": "draws",
    "sobol": "draws",
    "morris": "trajectories",
    "saltelli": "base",
}
SIZES: Final = {
    "latin_hypercube": (8, 400),
    "prior": (8, 400),
    "sobol": (8, 256),
    "morris": (4, 40),
    "saltelli": (4, 64),
}
"""Least and most of each: what a shared server does for a reader; a command line has no such limit."""

BEGIN: Final = {"latin_hypercube": 80, "prior": 80, "sobol": 64, "morris": 20, "saltelli": 16}
"""What a design begins with: enough draws for discovery although implausible ones are left out."""

POWERS: Final = ("sobol", "saltelli")
MOST_SCENARIOS: Final = 4
MOST_FACTORS: Final = 12
MOST_RUNS: Final = 1000
SECONDS_A_RUN: Final = 1.5
OUTPUTS: Final = ("first_entries", "returns", "child_months", "identified", "completed", "completed_share")
FILE, STORE = "experiment.yaml", "store.zarr"
ASSUMING: Final = "_assumed"
"""End of the name of a scenario of the library under assumptions of the session."""
LARGEST_STORE: Final = 64 * 1024 * 1024
"""Bytes of the files of a store, and of the arrays that they say they hold."""

UNREADABLE: Final = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, EOFError, SystemError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What is raised by files that are no packed store: they come from outside, and are no defect of ours."""

DIMS: Final = frozenset(("scenario", "draw", "replicate", "year"))
"""Of an output of the whole country."""

AGAIN: Final = 200
"""Samples with replacement that give the interval of a rank correlation."""

FEWEST: Final = ENOUGH
"""Runs below which no relation is told."""

FEWEST_SETTLING: Final = 3
"""Runs with which the line of the mean effect begins."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.lab"))
    st.markdown(t("lab.lead"))
    draw = {"design": _design, "results": _results, "open": _open}
    tabs = st.tabs([t(f"lab.tab.{name}") for name in draw], key="lab_tabs", on_change="rerun")
    for part, tab in zip(draw.values(), tabs, strict=True):
        if tab.open:
            with tab:
                part()


# -- the design --------------------------------------------------------------------------------------------


def _design() -> None:
    st.header(t("lab.what"))
    left, right = st.columns(2)
    own = {one.name: one for one in state.own()}
    offered = [*own, *(name for name in library() if name != results.TREND)]
    if "lab_scenarios" in st.session_state:
        # What was chosen may be gone by now.
        st.session_state["lab_scenarios"] = [n for n in st.session_state["lab_scenarios"] if n in offered]
    names = left.multiselect(
        t("lab.scenarios"),
        offered,
        default=[*list(own)[:1], "balanced", "policy_2030_funded"],
        format_func=lambda name: str(own[name].label) if name in own else state.label_of(name),
        max_selections=MOST_SCENARIOS - 1,
        help=t("lab.scenarios_help"),
        key="lab_scenarios",
        placeholder=t("app.choose"),
        persist_state="session",
    )
    kept = right.multiselect(
        t("lab.outputs"),
        OUTPUTS,
        default=list(OUTPUTS[:5]),
        format_func=lambda name: t(f"indicator.{name}"),
        key="lab_outputs",
        placeholder=t("app.choose"),
        persist_state="session",
    )
    st.header(t("lab.how"))
    one, two, three, four = st.columns(4)
    sampler = one.selectbox(
        t("lab.sampler"),
        SAMPLERS,
        format_func=lambda name: t(f"lab.by.{name}"),
        key="lab_sampler",
        persist_state="session",
    )
    size = two.select_slider(
        t(f"lab.size.{SIZE_OF[sampler]}"),
        _sizes(sampler),
        key=f"lab_size_{sampler}",
        value=BEGIN[sampler],
        persist_state="session",
    )
    replicates = three.number_input(
        t("lab.replicates"), 1, 10, 1, key="lab_replicates", persist_state="session"
    )
    seed = four.number_input(t("lab.seed"), 0, 2**31 - 1, 0, key="lab_seed", persist_state="session")
    chosen, moved = ({}, []) if sampler == "prior" else (_parameters(), _levers())
    names = [results.TREND, *names]
    if state.assumptions():
        # Assumptions about the world are those of all: a scenario is then no longer that of the library.
        renamed = {name: name if name in own else f"{name}{ASSUMING}" for name in names}
        own |= {
            new: replace(state.assuming(name), name=new) for name, new in renamed.items() if name not in own
        }
        names = list(renamed.values())
    mapping = _mapping(names, kept, sampler, size, int(replicates), int(seed), chosen, moved)
    files = {f"{name}.yaml": own[name] for name in mapping["scenarios"] if name in own}
    _start(mapping, _runs(mapping, chosen, moved), files)


def _sizes(sampler: str) -> list[int]:
    low, high = SIZES[sampler]
    if sampler in POWERS:
        return [2**k for k in range(low.bit_length() - 1, high.bit_length())]
    return sorted({low, 2 * low, *range(5 * low, high + 1, 5 * low), high})


def _parameters() -> dict[str, list[float]]:
    """Let the reader choose parameters and narrow their ranges; none means all, as the ledger has them."""
    ledger = load_ledger().parameters
    free = {
        name: one
        for name, one in ledger.items()
        if one.distribution != "fixed" and one.low < one.high and not name.startswith("population.")
    }
    with st.expander(t("lab.parameters"), icon=":material/tune:"):
        st.caption(t("lab.parameters_help"))
        names = st.multiselect(
            t("lab.parameters_choose"),
            list(free),
            format_func=lambda name: f"{free[name].label[language()]} ({name})",
            max_selections=MOST_FACTORS,
            key="lab_parameters",
            placeholder=t("app.choose"),
            persist_state="session",
        )
        out = {}
        for name in names:
            one = free[name]
            low, high = st.slider(
                f"{one.label[language()]} [{load_ledger().units[one.unit][language()]}] · {one.quality}",
                one.low,
                one.high,
                (one.low, one.high),
                step=(one.high - one.low) / 100,
                format="%.4g",
                help=t("lab.central", value=f"{one.central:g}", source=", ".join(one.source)),
                key=f"lab_range_{name}",
                persist_state="session",
            )
            if low < high:
                out[name] = [float(f"{low:.6g}"), float(f"{high:.6g}")]
        return out


def _levers() -> list[dict[str, Any]]:
    """Let the reader choose levers that vary, each between two amounts."""
    with st.expander(t("lab.levers"), icon=":material/toggle_on:"):
        names = st.multiselect(
            t("lab.levers_choose"),
            list(levers()),
            format_func=lambda name: str(levers()[name].label),
            max_selections=MOST_FACTORS,
            key="lab_levers",
            placeholder=t("app.choose"),
            persist_state="session",
        )
        out = []
        for name in names:
            lever = levers()[name]
            low, high = st.slider(
                str(lever.label),
                lever.minimum,
                lever.maximum,
                (lever.minimum, lever.maximum),
                key=f"lab_amount_{name}",
                help=str(lever.does),
                persist_state="session",
            )
            if low < high:
                amount = {"uniform": [low, high]}
                out.append(
                    {"use": name, "start": state.START, "ramp_months": state.RAMP_MONTHS, "amount": amount}
                )
        return out


def _mapping(
    names: list[str],
    kept: list[str],
    sampler: str,
    size: int,
    replicates: int,
    seed: int,
    chosen: dict[str, list[float]],
    moved: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the experiment as plain data in the shape of its file."""
    out: dict[str, Any] = {
        "schema": 1,
        "scenarios": names,
        "until": state.HORIZONS[0],
        "seed": seed,
        "replicates": replicates,
        "sampler": {"use": sampler, SIZE_OF[sampler]: size},
    }
    if sampler != "prior" and (chosen or not moved):
        uniform = {name: {"uniform": numbers} for name, numbers in chosen.items()}
        out["parameters"] = uniform or "ledger"
    if moved:
        out["levers"] = moved
    return out | {"outputs": {"keep": kept or list(OUTPUTS)}}


def _runs(mapping: dict[str, Any], chosen: dict[str, list[float]], moved: list[dict[str, Any]]) -> int:
    """Return how many runs a design asks for."""
    sampler = mapping["sampler"]
    size = next(value for key, value in sampler.items() if key != "use")
    factors = len(moved) + (
        len(chosen) or sum(one.low < one.high for one in load_ledger().parameters.values()) * (not moved)
    )
    rows = {"morris": size * (factors + 1), "saltelli": size * (factors + 2)}.get(sampler["use"], size)
    return int(rows * mapping["replicates"] * len(mapping["scenarios"]))


def yaml_of(mapping: dict[str, Any]) -> str:
    """Return the text of an experiment file."""
    out = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.dump(mapping, out)
    return out.getvalue()


def _start(mapping: dict[str, Any], runs: int, files: Mapping[str, Scenario]) -> None:
    """Let the reader start an experiment, and take its files, command and code.

    Parameters
    ----------
    files : scenarios that are not of the library, by name of file
    """
    minutes = runs * SECONDS_A_RUN / 60
    st.info(t("lab.count", runs=f"{runs:,}", minutes=f"{minutes:,.0f}"), icon=":material/timer:")
    too_many = runs > MOST_RUNS
    if too_many:
        st.warning(t("lab.too_many", most=f"{MOST_RUNS:,}"), icon=":material/block:")
    text = yaml_of(mapping)
    words = ["sweep", FILE, "--out", f"{{out}}/{STORE}", "--workers", "1"]
    busy = background.is_busy(JOB)
    if st.button(
        t("lab.start"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=busy or too_many,
        key="lab_start",
    ):
        background.begin(JOB, words, {FILE: text, **{name: one.to_yaml() for name, one in files.items()}})
    background.progress(JOB)
    with st.expander(t("lab.same"), icon=":material/terminal:"):
        st.caption(t("lab.same_help"))
        st.code(text, language="yaml")
        st.code(f"sintrata sweep {FILE} --out {STORE}", language="bash")
        st.code(f'import simulator\n\nstore = simulator.sweep("{FILE}", "{STORE}")', language="python")
        with st.container(horizontal=True):
            taken: dict[str, str | Callable[[], str]] = {FILE: text}
            for name, content in (taken | {name: one.to_yaml for name, one in files.items()}).items():
                st.download_button(
                    name,
                    content,
                    file_name=name,
                    mime="text/yaml",
                    key=f"lab_file_{name}",
                    on_click="ignore",
                    icon=":material/description:",
                )


# -- the results -------------------------------------------------------------------------------------------


def _results() -> None:
    job = background.job_of(JOB)
    store = None if job is None else job.folder / OUTPUT / STORE
    if job is None or store is None or not store.exists():
        told = t("lab.under_way") if background.is_busy(JOB) else t("lab.nothing")
        st.info(told, icon=":material/science:")
        background.progress(JOB)
        return
    if job.state != "done":
        st.warning(t("lab.unfinished"), icon=":material/pending:")
        background.progress(JOB)
    opened = _opened(store)

    def label(name: str) -> str:
        """Return what a scenario was called when the job began."""
        file = job.folder / f"{name}.yaml"
        return str(state.prepared(file).label) if file.exists() else state.label_of(name)

    _tell(opened, "lab", label)
    _take(job)
    if opened is not None and job.state == "done" and opened.sizes["scenario"] > 1:
        analyses.show(store, opened, _kept(opened), label)


def _take(job: Job) -> None:
    """Offer the store as one file."""
    store = job.folder / OUTPUT / STORE

    def packed() -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(store.rglob("*")):
                if path.is_file() and path.stat().st_size < LARGEST_STORE:
                    file.write(path, Path(STORE) / path.relative_to(store))
            for path in sorted(job.folder.glob("*.yaml")):
                file.write(path, path.name)
        return out.getvalue()

    st.download_button(
        t("lab.take"),
        data=packed,
        file_name="store.zip",
        mime="application/zip",
        icon=":material/download:",
        key="lab_store",
        on_click="ignore",
    )


def _open() -> None:
    """Let the reader look at a store of the command line, packed as one file."""
    st.markdown(t("lab.open_help"))
    sent = st.file_uploader(t("lab.open"), type=["zip"], max_upload_size=8, key="lab_upload")
    if sent is None:
        return
    with tempfile.TemporaryDirectory(prefix="sintrata-store-") as folder:
        try:
            store = unpacked(sent.getvalue(), Path(folder))
        except UNREADABLE:
            st.error(t("lab.bad_store"), icon=":material/error:")
            return
        _tell(_opened(store), "lab_open", state.label_of)


def unpacked(content: bytes, folder: Path) -> Path:
    """Unpack a store into a folder and return where it is; names that lead elsewhere are refused.

    Raises
    ------
    ValueError
        If it unpacks to too much, leads out of the folder, or holds no store.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        if sum(one.file_size for one in file.infolist()) > LARGEST_STORE:
            raise ValueError("too large")
        for one in file.infolist():
            target = (folder / one.filename).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ValueError("leads elsewhere")
            if one.is_dir():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with file.open(one) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
    found = sorted(path.parent for path in folder.rglob("zarr.json") if (path.parent / "design").exists())
    if not found:
        raise ValueError("no store")
    return found[0]


def _opened(store: Path) -> xr.Dataset | None:
    """Return what a page needs of a store, ``None`` if it cannot be read or holds no known output."""
    try:
        # A small file can say that it holds a huge array. An index would read its array at once.
        with xr.open_zarr(store, create_default_indexes=False) as lazy:
            if lazy.nbytes > LARGEST_STORE:
                return None
        with xr.open_zarr(store) as lazy:
            kept = _kept(lazy)
            found: xr.Dataset = lazy[[*kept, "design"]].load()
    except UNREADABLE:
        return None
    return found if kept and _is_told(found) else None


def _kept(dataset: xr.Dataset) -> list[str]:
    """Return the outputs of the whole country that a page can tell of."""
    return [name for name in OUTPUTS if name in dataset and set(dataset[name].dims) == DIMS]


def _is_told(dataset: xr.Dataset) -> bool:
    """Return whether outputs and design are numbers, and runs and years can be told apart."""
    numbers = [*dataset.data_vars.values(), dataset["year"]]
    return (
        {"scenario", "year"} <= set(dataset.indexes)
        and set(dataset["design"].dims) == {"draw", "factor"}
        and all(array.dtype.kind in "iuf" and array.size for array in numbers)
        and dataset.indexes["year"].is_monotonic_increasing
        and dataset.indexes["scenario"].is_unique
    )


def _tell(dataset: xr.Dataset | None, key: str, label: Callable[[str], str]) -> None:
    """Show effects, what drives them, and whether there are enough runs."""
    if dataset is None:
        st.error(t("lab.bad_store"), icon=":material/error:")
        return
    kept = _kept(dataset)
    others = [str(name) for name in dataset["scenario"].values[1:]]
    left, right = st.columns(2)
    output = left.selectbox(
        t("lab.output"), kept, format_func=lambda name: t(f"indicator.{name}"), key=f"{key}_output"
    )
    name = right.selectbox(
        t("chart.scenario"),
        others or [str(dataset["scenario"].values[0])],
        format_func=label,
        key=f"{key}_scenario",
    )
    effect = effects(dataset, output, name)
    told = np.isfinite(effect)
    if told.sum() < FEWEST:
        st.info(t("lab.few", runs=int(told.sum()), fewest=FEWEST), icon=":material/hourglass_top:")
        return
    if np.ptp(effect[told]) == 0.0:
        st.info(t("lab.no_effect"), icon=":material/horizontal_rule:")
        return
    low, median, high = np.quantile(effect[told], [0.05, 0.5, 0.95])
    form = f"+{parts.form(output)}"
    between = screen.between({"low": low, "high": high, "runs": told.sum()}, form)
    st.metric(
        t("lab.effect", what=t(f"indicator.{output}")), screen.number(float(median), form), help=between
    )
    st.caption(between)
    st.header(t("lab.drivers"))
    _drivers(dataset, effect, key)
    st.header(t("lab.enough"))
    base.draw(
        drivers.convergence(*parts.looks(), parts.axis_form(output, change=True), parts.unit_of(output)),
        parts.scaled(settling(effect[told]), output),
        key=f"{key}_convergence",
        alt=t("lab.enough_alt", runs=int(told.sum())),
    )
    st.caption(t("lab.enough_note", runs=int(told.sum())))


def _drivers(dataset: xr.Dataset, effect: NDArray[np.float64], key: str) -> None:
    """Show how strongly each factor and an effect go together, and what chance alone would show."""
    factors = varying(dataset).sizes["factor"]
    if not factors:
        st.info(t("lab.no_factor"), icon=":material/horizontal_rule:")
        return
    table = relations(dataset, effect)
    shown = table.assign(label=[base.wrapped(_label(factor), 30) for factor in table["factor"]])
    base.draw(
        drivers.intervals(*parts.looks(), "+.1f", 1 + max(shown["label"].str.count("\n"), default=1)),
        shown[["label", "median", "low", "high"]],
        key=f"{key}_drivers",
        alt=t("lab.drivers_alt", names=", ".join(_label(factor) for factor in table["factor"][:3])),
    )
    st.caption(t("lab.drivers_note"))
    noise = by_chance(factors, int(np.isfinite(effect).sum()))
    st.caption(t("lab.chance", factors=factors, noise=f"{noise:.2f}"))


def _label(factor: str) -> str:
    one = load_ledger().parameters.get(factor)
    if one is not None:
        return one.label[language()]
    return str(levers()[factor].label) if factor in levers() else factor


def effects(dataset: xr.Dataset, output: str, name: str) -> NDArray[np.float64]:
    """Return [draw] the yearly difference from the first scenario in ``period.YEARS``, mean of replicates."""
    values = dataset[output].sel(year=slice(period.FIRST, period.LAST)).mean("year")
    if dataset.sizes["scenario"] == 1:
        return np.asarray(values.isel(scenario=0).mean("replicate"), float)
    return np.asarray((values.sel(scenario=name) - values.isel(scenario=0)).mean("replicate"), float)


def relations(dataset: xr.Dataset, effect: NDArray[np.float64], most: int = MOST_FACTORS) -> pd.DataFrame:
    """Return the rank correlation of every factor with an effect, the strongest first, with its interval."""
    told = np.isfinite(effect)
    design = varying(dataset)
    factors = [str(name) for name in design["factor"].values]
    table = np.column_stack([effect[told], design.values[told]])
    again = np.random.default_rng(0).integers(0, len(table), (AGAIN, len(table)))
    central = _rank_correlation(table)
    strongest = np.argsort(-np.abs(central), kind="stable")[:most]
    few = table[:, [0, *(strongest + 1)]]
    spread = np.quantile([_rank_correlation(few[rows]) for rows in again], [0.05, 0.95], axis=0)
    return pd.DataFrame(
        {
            "factor": [factors[k] for k in strongest],
            "median": central[strongest],
            "low": spread[0],
            "high": spread[1],
        }
    )


def varying(dataset: xr.Dataset) -> xr.DataArray:
    """Return the design, [draw, factor], of the factors that take more than one value."""
    design = dataset["design"].transpose("draw", "factor").astype(float)
    return design.isel(factor=np.ptp(design.values, axis=0) > 0.0)


def by_chance(factors: int, runs: int) -> float:
    """Return the rank correlation that the strongest of factors without any effect passes 1 time in 20."""
    one_sided = 0.5 * (1.0 - 0.95 ** (1.0 / factors))
    return min(1.0, float(norm.isf(one_sided) / np.sqrt(runs - 1.0)))


def _rank_correlation(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank correlation of the first column with each of the others."""
    ranks = pd.DataFrame(table).rank().to_numpy()
    centred = ranks - ranks.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    size[size == 0.0] = 1.0
    return np.asarray(centred[:, 0] @ centred[:, 1:] / (size[0] * size[1:]))


def settling(effect: NDArray[np.float64]) -> pd.DataFrame:
    """Return the mean effect of the first runs, for growing numbers of runs, with its 90% interval."""
    counts = np.unique(np.linspace(FEWEST_SETTLING, effect.size, 40).astype(int))
    rows = []
    for runs in counts:
        part = effect[:runs]
        half = TWO_SIDED * part.std(ddof=1) / np.sqrt(runs)
        rows.append(
            {"runs": int(runs), "median": part.mean(), "low": part.mean() - half, "high": part.mean() + half}
        )
    return pd.DataFrame(rows)
