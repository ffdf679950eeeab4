"""The caches: what is damaged is not trusted, what is stale is not met, two may build at once."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from simulator.engine import compile as compiling
from simulator.engine import store
from simulator.engine.population import Population, build
from simulator.evidence import load_ledger

SCALE = 0.0005


def entry(folder: Path) -> Path:
    (found,) = [path for path in folder.iterdir() if (path / store.MANIFEST).exists()]
    return found


def same(a: Population, b: Population) -> bool:
    return all(
        np.array_equal(getattr(a, field.name), getattr(b, field.name))
        for field in fields(a)
        if isinstance(getattr(a, field.name), np.ndarray)
    )


def load(folder: Path) -> Population:
    return store.load_population(load_ledger(), scale=SCALE, folder=folder)


def test_it_is_built_once_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(tmp_path)
    monkeypatch.setattr(store, "build", lambda *_a, **_k: pytest.fail("built again"))
    again = load(tmp_path)
    assert same(first, again)
    assert not again.children.flags.writeable
    assert again.digest == store.digest(load_ledger(), SCALE, 2030)


@pytest.mark.parametrize("damage", ["byte", "short", "lost", "manifest", "empty"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, damage: str) -> None:
    first = load(tmp_path)
    children = first.children.copy()
    del first
    place = entry(tmp_path)
    file = place / "children.npy"
    content = bytearray(file.read_bytes())
    if damage == "byte":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif damage == "short":
        file.write_bytes(content[:-100])
    elif damage == "lost":
        file.unlink()
    elif damage == "manifest":
        (place / store.MANIFEST).write_text("{", encoding="utf-8")
    else:
        shutil.rmtree(place)
        place.mkdir()
    np.testing.assert_array_equal(load(tmp_path).children, children)


def _load_rows(folder: str) -> int:
    return int(load(Path(folder)).children["econ"].sum())


def test_two_processes_may_build_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        one, two = pool.map(_load_rows, [str(tmp_path)] * 2)
    assert one == two == _load_rows(str(tmp_path))
    assert [path for path in tmp_path.iterdir() if path.name.startswith("damaged")] == []
    entry(tmp_path)


def test_other_evidence_or_code_is_another_population(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = load_ledger()
    first = store.digest(ledger, 1.0, 2030)
    assert first != store.digest(ledger, 0.5, 2030)
    assert first != store.digest(ledger, 1.0, 2050)
    monkeypatch.setattr(store, "SOURCES", store.SOURCES[:1])
    assert first != store.digest(ledger, 1.0, 2030)


@pytest.mark.parametrize("changed", ["rules/exits.py", "engine/states.py", "engine/draws.py"])
def test_a_change_in_any_kernel_source_opens_another_compile_cache(tmp_path: Path, changed: str) -> None:
    package = Path(compiling.__file__).parents[1]
    for folder in compiling.KERNEL_FOLDERS:
        shutil.copytree(package / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert compiling.source_hash(tmp_path) == compiling.source_hash(package)
    with (tmp_path / changed).open("a", encoding="utf-8", newline="\n") as file:
        file.write("# changed\n")
    assert compiling.source_hash(tmp_path) != compiling.source_hash(package)


def test_later_years_append_rows_and_change_none() -> None:
    ledger = load_ledger()
    short, long = build(ledger, scale=SCALE), build(ledger, scale=SCALE, last_year=2040)
    rows = short.children.size
    for name in ("birth", "enters", "econ", "school", "coverage", "community", "place", "traits"):
        np.testing.assert_array_equal(short.children[name], long.children[name][:rows])
    stays = short.children["leaves"] < 12 * 19
    np.testing.assert_array_equal(short.children["leaves"][stays], long.children["leaves"][:rows][stays])
    np.testing.assert_array_equal(short.cells, long.cells[: short.cells.shape[0]])
    assert long.children.size > rows


def test_what_was_used_longest_ago_goes_first_and_only_beyond_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age, name in enumerate(("newest", "older", "oldest")):
        entry = tmp_path / name
        entry.mkdir()
        (entry / store.MANIFEST).write_text("{}", encoding="utf-8")
        (entry / "children.npy").write_bytes(bytes(1000))
        os.utime(entry, (1e9 - age, 1e9 - age))
    monkeypatch.setattr(store, "LARGEST_CACHE", 3100)
    store._forget_old(tmp_path / "newest")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newest", "older", "oldest"]
    monkeypatch.setattr(store, "LARGEST_CACHE", 2100)
    store._forget_old(tmp_path / "newest")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newest", "older"]
