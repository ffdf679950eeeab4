"""The model in other people's tools: every example of the documents runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np
import pytest
import xarray as xr
from nbclient import NotebookClient

import simulator
from simulator.experiments.workers import country
from simulator.texts import set_language

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SCALE = 0.01
TINY = 0.003
RESULTS = {"first_entries", "protected", "completed"}


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_ema_workbench_runs_policies_in_futures() -> None:
    main = example("with_ema_workbench").main
    experiments, outcomes = main(TINY, futures=3, policies=1)
    assert len(experiments) == 3
    assert set(outcomes) == RESULTS
    assert all(np.isfinite(values).all() for values in outcomes.values())
    # Futures of one policy differ; nothing was run once and copied. The same seed gives all of them again.
    assert len(np.unique(np.column_stack(list(outcomes.values())), axis=0)) > 1
    again, _ = main(TINY, futures=3, policies=1)
    assert again["recruitment__rr_poverty"].tolist() == experiments["recruitment__rr_poverty"].tolist()


def test_a_policy_of_nothing_changes_nothing() -> None:
    policy = example("with_ema_workbench").policy
    assert policy(groups=0.0, upe=0.0, scale=TINY) == dict.fromkeys(RESULTS, 0.0)
    assert policy(groups=0.3, upe=1.0, scale=SCALE)["first_entries"] < 0.0


def test_salib_samples_runs_and_analyses() -> None:
    found = example("with_salib").main(TINY, trajectories=2)
    assert len(found["mu_star"]) == 3
    # Longer spells of labour exploitation mean more children in it, whatever the draw.
    assert found["mu"][1] > 0.0
    assert found["mu_star"][1] == pytest.approx(found["mu"][1])


def test_mesa_runs_batches_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.world.load_population", lambda *_a, **_k: country(227, SCALE)[1])
    rows = example("with_mesa").main(until=61)
    assert {row["scenario"] for row in rows} == {"baseline", "places_for_boys"}
    assert all(row["exploited"] > 0 for row in rows)


def test_a_store_is_read_a_chunk_at_a_time(tmp_path: Path) -> None:
    import dask  # noqa: PLC0415

    store = tmp_path / "wide.zarr"
    simulator.sweep(
        {
            "schema": 1,
            "scenarios": ["baseline", "policy_2030_funded"],
            "until": "2018-12",
            "seed": 0,
            "replicates": 1,
            "batch": 4,
            "sampler": {"use": "latin_hypercube", "draws": 4},
            "parameters": {"recruitment.rr_poverty": "ledger"},
            "outputs": {"keep": ["first_entries"]},
        },
        store,
        workers=1,
        scale=TINY,
    )
    runs = xr.open_zarr(store)["first_entries"]
    assert dask.is_dask_collection(runs.data)
    assert runs.chunksizes["draw"] == (2, 2)
    told = example("larger_than_memory").main(str(store))
    effect = runs - runs.isel(scenario=0, drop=True)
    np.testing.assert_allclose(told["mean"], effect.mean(("draw", "replicate")).compute())
    np.testing.assert_allclose(
        told["interval"], effect.compute().quantile([0.05, 0.95], ("draw", "replicate"))
    )


def test_the_notebook_runs_from_end_to_end() -> None:
    book = nbformat.read(EXAMPLES / "first_steps.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in book.cells if cell.cell_type == "code")
    scaled = [cell for cell in book.cells if "scale = 1.0" in cell.source and cell.cell_type == "code"]
    assert len(scaled) == 1
    scaled[0].source = scaled[0].source.replace("scale = 1.0", f"scale = {SCALE}")
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    shown: list[Any] = [out for cell in book.cells for out in cell.get("outputs", [])]
    pages = [out["data"]["text/html"] for out in shown if "text/html" in out.get("data", {})]
    assert len(pages) >= 3
    assert any("<details>" in page for page in pages)
    assert any("<caption>" in page for page in pages)
    assert any("xarray" in page for page in pages)


def test_scenario_and_world_show_themselves_in_both_languages() -> None:
    ledger, population = country(227, SCALE)
    with simulator.World("baseline", ledger=ledger, population=population, until=61) as world:
        world.run()
        for lang, word in (("es", "simulado"), ("en", "simulated")):
            set_language(lang)
            assert word in world._repr_html_()
            assert str(world.policy.label) in world.policy._repr_html_()
        assert repr(world).startswith("<World baseline, 2017-02 of 2017-02")
