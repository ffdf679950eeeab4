"""What a finished sweep says: sensitivity, discovery, robustness, what it is worth to know more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import streamlit as st
import xarray as xr

from app import background
from simulator.texts import t

JOB: Final = "lab_analysis"
KINDS: Final = ("sensitivity", "discover", "robustness", "value-of-information")
"""Commands; each writes a page, which is shown as it is."""

OF_ONE: Final = KINDS[:2]
"""Commands that look at the effect of one scenario; the others weigh all scenarios against each other."""

SIDES: Final = ("below", "above")
HIGH: Final = 900
CODE: Final = {
    "sensitivity": "from simulator.experiments.analysis.sensitivity import sensitivity\n\n"
    'found = sensitivity(store, ["{output}"], [{year}], kinds=["effect"])',
    "discover": "from simulator.experiments.analysis.discovery import discover\n\n"
    'found = discover(store, "{output}", "{scenario}", {side}={threshold}, year={year}, kind="effect")',
    "robustness": "from simulator.experiments.analysis.choices import robustness\n\n"
    'found = robustness(store, "{output}")',
    "value-of-information": "from simulator.experiments.analysis.choices import information\n\n"
    'found = information(store, "{output}")',
}
"""The same in Python, by command."""


def show(store: Path, dataset: xr.Dataset, outputs: list[str], label: Callable[[str], str]) -> None:
    """Let the reader ask a question of a store, and show the page that answers it.

    Parameters
    ----------
    store : of a sweep that has finished
    dataset : the same, opened
    outputs : those that can be chosen
    label : what a scenario is called
    """
    st.header(t("lab.analysis"))
    st.markdown(t("lab.analysis_lead"))
    left, middle, right = st.columns(3)
    kind = left.selectbox(
        t("lab.question"), KINDS, format_func=lambda name: t(f"lab.asks.{name}"), key="lab_kind"
    )
    output = middle.selectbox(
        t("lab.output"), outputs, format_func=lambda name: t(f"indicator.{name}"), key="lab_asked"
    )
    asked = {"output": output}
    if kind in OF_ONE:
        asked["scenario"] = right.selectbox(
            t("chart.scenario"),
            [str(name) for name in dataset["scenario"].values[1:]],
            format_func=label,
            key="lab_asked_scenario",
        )
        asked["year"] = str(int(dataset["year"].values[-1]))
    if kind == "discover":
        asked |= _threshold(dataset, output, asked["scenario"])
    words = _words(kind, asked)
    job = background.job_of(JOB)
    busy = background.is_busy(JOB)
    if st.button(t("lab.analyse"), icon=":material/query_stats:", key="lab_analyse", disabled=busy):
        background.begin(JOB, [words[0], str(store), *words[1:], "--out", "{out}"])
    with st.expander(t("lab.same_analysis"), icon=":material/terminal:"):
        st.code(" ".join(["sintrata", words[0], store.name, *words[1:], "--out", "pages"]), language="bash")
        opened = (
            "from pathlib import Path\n\nfrom simulator.experiments.sweep.store import open_store\n"
            f'{{}}\nstore = open_store(Path("{store.name}"))\n'
        )
        imported, _, call = CODE[kind].partition("\n\n")
        st.code(opened.format(imported + "\n") + call.format(**asked), language="python")
    background.progress(JOB, "*.html")
    if job is not None and job.state == "done":
        for path in job.files:
            if path.suffix == ".html":
                st.iframe(path, height=HIGH, alt=t("lab.answer"))


def _threshold(dataset: xr.Dataset, output: str, scenario: str) -> dict[str, str]:
    """Ask below or above which effect a run is of interest; the median of all runs is offered."""
    last = dataset[output].isel(year=-1).mean("replicate")
    middle = float(np.nanmedian(last.sel(scenario=scenario) - last.isel(scenario=0)))
    left, right = st.columns(2)
    side = left.segmented_control(
        t("lab.interest"),
        SIDES,
        default=SIDES[0],
        required=True,
        format_func=lambda name: t(f"lab.side.{name}"),
        key="lab_side",
    )
    value = right.number_input(
        t("lab.threshold"), value=float(f"{middle:.4g}"), key=f"lab_threshold_{output}_{scenario}"
    )
    return {"side": str(side), "threshold": f"{value:.6f}".rstrip("0").rstrip(".")}


def _words(kind: str, asked: dict[str, str]) -> list[str]:
    """Return the command without program, store and folder."""
    words = [kind, "--output", asked["output"]]
    if kind in OF_ONE:
        words += ["--scenario", asked["scenario"], "--year", asked["year"], "--on", "effect"]
    if kind == "discover":
        # One word, so that a negative value is not taken for an option.
        words.append(f"--{asked['side']}={asked['threshold']}")
    return words
