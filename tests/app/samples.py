"""Made-up data for every figure: the columns that each one asks for."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from app.charts import drivers, money, paths, places
from app.charts.base import SIGNED, WHOLE
from app.money import waterfall
from simulator.exports.vega import Spec

YEARS = list(range(2024, 2031))
LEDGER = Path(__file__).parents[2] / "simulator" / "evidence" / "territories.csv"
NAMES = [
    "Reintegración y\nacompañamiento de adolescentes",
    "Cupos en CAR especializado",
    "Grupos comunitarios",
    "Menos plazas",
]


def bands(n: int, seed: int, level: float = 400.0) -> pd.DataFrame:
    draw = np.random.default_rng(seed).normal(level, level / 8, (n, 200)) + np.arange(n)[:, None] * level / 20
    table = np.quantile(draw, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1).T
    return pd.DataFrame(table, columns=list(paths.PATH))


def fan(seed: int) -> pd.DataFrame:
    frame = bands(len(YEARS), seed).assign(year=YEARS, today=np.nan, target=np.nan, target_text=None)
    frame["trend"] = frame["median"] * 0.9
    frame["target_text"] = frame["target_text"].astype(object)
    frame.loc[0, ["today", "target"]] = [2026, 560.0]
    frame.loc[0, "target_text"] = "logro esperado 560"
    return frame


def effect(seed: int) -> pd.DataFrame:
    return (bands(len(YEARS), seed, 60.0) - 70.0).assign(year=YEARS)


def several(seed: int) -> pd.DataFrame:
    names = ["Protección primero", "Prevención primero", "Equilibrado"]
    frames = [
        bands(len(YEARS), seed + k, 300 + 40.0 * k).assign(year=YEARS, s=name, low=-90.0)
        for k, name in enumerate(names)
    ]
    return pd.concat(frames, ignore_index=True)


def territories(seed: int) -> pd.DataFrame:
    rows = list(csv.DictReader(LEDGER.open(encoding="utf-8")))
    value = np.random.default_rng(seed).normal(-8, 25, len(rows)).round()
    frame = pd.DataFrame(
        {
            "code": [row["code"] for row in rows],
            "short": [row["iso"][-3:] for row in rows],
            "name": [row["name"] for row in rows],
            "row": [int(row["tile_row"]) for row in rows],
            "col": [int(row["tile_col"]) for row in rows],
        }
    )
    frame["text"] = [f"{n:+.0f}" for n in value]
    frame["interval"] = [f"{n - 20:+.0f} a {n + 20:+.0f}" for n in value]
    frame["shade"] = -value / np.abs(value).max()
    frame["firm"] = np.abs(value) > 20
    return frame


def levels_of_territories(seed: int) -> pd.DataFrame:
    frame = territories(seed)
    return frame.assign(shade=frame["shade"].abs(), text=frame["text"].str.lstrip("+-"))


def small(seed: int) -> pd.DataFrame:
    names = territories(0)["name"].sort_values()[:9]
    frame = pd.concat(
        [
            bands(len(YEARS), seed + k, 20.0 + 3 * k).assign(year=YEARS, name=name)
            for k, name in enumerate(names)
        ],
        ignore_index=True,
    )
    frame["trend"] = frame["median"] * 0.9
    order = frame["name"].map(list(names).index)
    return frame.assign(order=order, floor=0.0, ceiling=frame["high"].max())


def steps(seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed).uniform(0.8, 1.2, 20)
    level = {"Asignado (PIA)": 80.0, "Límite de ejecución": -35.5, "Capacidad en preparación": -12.0}
    changes = [(name, xr.DataArray(amount * draw, dims="draw")) for name, amount in level.items()]
    total = ("Ejecutado", xr.DataArray(32.5 * draw, dims="draw"))
    frame = waterfall(changes, total).rename(columns={"median": "amount"})
    return frame.assign(name=frame["label"], label=frame["label"] + "\n-35 (-42 a -28)")


def coverage(seed: int) -> pd.DataFrame:
    millions = np.linspace(0, 20 + seed, 40)
    frame = pd.DataFrame({"millions": millions, "median": 0.9 * (1 - np.exp(-millions / 6))})
    frame = frame.assign(low=frame["median"] * 0.7, high=np.minimum(1, frame["median"] * 1.25))
    frame["chosen"] = np.nan
    frame.loc[0, "chosen"] = 9.0
    return frame


def intervals(seed: int) -> pd.DataFrame:
    median = np.array([0.5, 0.3, 0.1, -0.05]) * (1 + seed / 10)
    return pd.DataFrame({"label": NAMES, "median": median, "low": median - 0.1, "high": median + 0.1})


def foretold(seed: int) -> pd.DataFrame:
    median = np.array([510.0, 420.0, 640.0, 300.0]) + 5 * seed
    spread = {"low": 0.6, "low_half": 0.85, "median": 1.0, "high_half": 1.2, "high": 1.6}
    observed = [480.0, 700.0, 655.0, np.nan]
    inside = ["dentro", "fuera", "dentro", "dentro"]
    bounds = {name: factor * median for name, factor in spread.items()}
    return pd.DataFrame({"label": NAMES, **bounds, "observed": observed, "inside": inside})


def options(seed: int) -> pd.DataFrame:
    rows = [
        {
            "s": name,
            "median": 12.0 * (k + 1 + seed),
            "low": 12.0 * (k - 0.4),
            "high": 12.0 * (k + 2.4),
            "text": f"{90 - 12 * k}%",
        }
        for k, name in enumerate(["Protección\nprimero", "Prevención\nprimero", "Equilibrado"])
    ]
    return pd.DataFrame(rows)


def convergence(seed: int) -> pd.DataFrame:
    runs = np.arange(10, 210, 10)
    median = 0.42 + 0.2 * np.sin(runs + seed) / runs
    return pd.DataFrame({"runs": runs, "median": median, "low": median - 1 / runs, "high": median + 1 / runs})


def against_data(seed: int) -> pd.DataFrame:
    frame = bands(len(YEARS), seed).assign(year=YEARS, observed=np.nan, use=None)
    rows = [
        {"year": 2025, "observed": 410.0, "use": "fit"},
        {"year": 2027, "observed": 480.0, "use": "check"},
    ]
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)


Figure = tuple[Callable[..., Spec], tuple[Any, ...], dict[str, Any], Callable[[int], pd.DataFrame]]

FIGURES: dict[str, Figure] = {
    "fan": (paths.fan, (WHOLE,), {}, fan),
    "fan_alone": (paths.fan, (WHOLE,), {"marks": ()}, lambda seed: fan(seed)[["year", *paths.PATH, "trend"]]),
    "effect": (paths.effect, (SIGNED,), {}, effect),
    "several": (paths.several, (SIGNED,), {}, several),
    "against_data": (paths.against_data, (WHOLE,), {}, against_data),
    "tiles": (places.tiles, (), {}, territories),
    "tiles_of_levels": (places.tiles, ("level",), {}, levels_of_territories),
    "outlines": (places.outline_map, (), {}, territories),
    "small_path": (places.small_path, (SIGNED,), {}, lambda seed: small(seed).query("order == 0")),
    "small_paths": (places.small_paths, (SIGNED,), {}, small),
    "small_paths_of_levels": (places.small_paths, (WHOLE, "level"), {}, small),
    "steps": (money.steps, (), {}, steps),
    "coverage": (money.coverage, (), {}, coverage),
    "foretold": (drivers.foretold, (WHOLE,), {}, foretold),
    "intervals": (drivers.intervals, ("+.1f",), {}, intervals),
    "options": (drivers.options, (SIGNED,), {}, options),
    "convergence": (drivers.convergence, (".2f",), {}, convergence),
}
