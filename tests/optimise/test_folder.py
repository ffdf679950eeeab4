"""A search with the model itself, small: kept, killed, gone on with, and told in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from scenarios import load_scenario
from scenarios.levers import Bilingual
from scenarios.programmes import UnitCost
from simulator.cli import main
from simulator.experiments.optimise.archive import Archive
from simulator.experiments.optimise.folder import ARCHIVE, DATA, PROGRESS, SUMMARY, optimise
from simulator.experiments.optimise.measures import MEASURES, N_CELLS
from simulator.experiments.optimise.plan import Plan, scenario_of
from simulator.experiments.optimise.question import Bound, Effort, Question
from simulator.experiments.optimise.response import Country, Sample, Task, run_task
from simulator.experiments.optimise.run import Status
from simulator.experiments.posterior import load_posterior, row_of
from simulator.experiments.workers import country
from simulator.exports.optimum import page, picture, write_picture
from simulator.faults import FaultyInput
from simulator.policy.costs import unit_costs
from simulator.policy.prices import prices
from simulator.report_optimum import tables
from simulator.texts import set_language

SCALE = 0.01
LINES = ("community_groups", "reintegration_support", "protocols")
ASKED = Question(
    name="small",
    label=Bilingual("pequeña", "small"),
    base=replace(load_scenario("baseline"), until_ti=203),
    objective=(("child_months", 1.0), ("completed", 12.0)),
    money=((2027, 4e8), (2028, 4e8)),
    lines=LINES,
    until=2028,
    measured=(2027, 2028),
    bounds=(Bound(("protocols",), at_most=1e8),),
    answers=("split", "territory", "year"),
    effort=Effort(simulations=100, draws=2, fresh_draws=4, starts=2),
)


class KilledError(Exception):
    """Stands for a kill at any moment."""


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a search that was killed after a few runs and went on."""
    folder = tmp_path_factory.mktemp("search")

    def kill(status: Status) -> None:
        if status.runs >= 25:
            raise KilledError

    with pytest.raises(KilledError):
        optimise(ASKED, out=folder, workers=1, scale=SCALE, report=kill)
    assert json.loads((folder / PROGRESS).read_text())["runs"] >= 25
    archive = Archive(folder / ARCHIVE, (len(MEASURES), 2, N_CELLS))
    kept = archive.count()
    archive.close()
    assert kept >= 25
    done: list[int] = []
    optimise(
        ASKED,
        out=folder,
        resume=True,
        workers=1,
        scale=SCALE,
        report=lambda status: done.append(status.runs),
    )
    archive = Archive(folder / ARCHIVE, (len(MEASURES), 2, N_CELLS))
    # What was finished before the kill was not done again.
    assert archive.count() == kept + done[-1]
    archive.close()
    return folder


def test_two_workers_answer_as_one(searched: Path, tmp_path: Path) -> None:
    optimise(ASKED, out=tmp_path, workers=2, scale=SCALE)
    with (
        xr.open_dataset(searched / DATA, engine="h5netcdf") as one,
        xr.open_dataset(tmp_path / DATA, engine="h5netcdf") as two,
    ):
        xr.testing.assert_identical(one.load().drop_attrs(), two.load().drop_attrs())
    assert (searched / "optimum.yaml").read_text() == (tmp_path / "optimum.yaml").read_text()


def test_a_search_that_is_over_is_told_again_without_a_run(searched: Path) -> None:
    runs: list[int] = []
    straight = optimise(
        ASKED,
        out=searched,
        resume=True,
        workers=1,
        scale=SCALE,
        report=lambda status: runs.append(status.runs),
    )
    assert runs[-1] == 0
    with xr.open_dataset(searched / DATA, engine="h5netcdf") as resumed:
        np.testing.assert_array_equal(resumed["money"].values, straight.dataset["money"].values)
        np.testing.assert_array_equal(resumed["value"].values, straight.dataset["value"].values)
        assert resumed.sizes["sample"] >= 4
    told = json.loads((searched / SUMMARY).read_text(encoding="utf-8"))
    assert [plan["name"] for plan in told["plans"]] == [one.name for one in straight.named]
    assert told["plans"][0]["value"]["mean"] == pytest.approx(straight.told("best").mean)
    status = json.loads((searched / PROGRESS).read_text(encoding="utf-8"))
    assert (status["phase"], status["confirmed"]) == ("done", True)
    for lang in ("es", "en"):
        set_language(lang)
        shown = [table.title for table in tables(straight)]
        assert len(set(shown)) == len(shown) >= 2
        assert all(title in page(straight) for title in shown)
    set_language("es")
    assert "mejor reparto" in json.dumps(picture(straight), ensure_ascii=False).lower()
    paths = write_picture(straight, searched)
    assert paths[1].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_best_split_is_a_scenario_like_any_other(searched: Path) -> None:
    made = load_scenario(searched / "optimum.yaml")
    told = json.loads((searched / SUMMARY).read_text(encoding="utf-8"))["plans"][0]["money"]
    spent = {
        name: sum(amount for _, amount in grant.amounts) / 2.0
        for grant in made.programmes[-1].budget
        for name, _ in grant.lines
    }
    assert spent == pytest.approx(told, abs=1.0)
    assert made.until_ti == ASKED.base.until_ti


def test_another_question_does_not_go_on_in_the_folder(searched: Path) -> None:
    set_language("en")
    with pytest.raises(FaultyInput, match="already there"):
        optimise(ASKED, out=searched, workers=1, scale=SCALE)
    other = replace(ASKED, objective=(("child_months", 1.0),))
    with pytest.raises(FaultyInput, match="differs in: the question"):
        optimise(other, out=searched, resume=True, workers=1, scale=SCALE)


def test_folders_of_anything_else_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    set_language("en")
    (tmp_path / "notes.txt").write_text("not of a search")
    for resume in (False, True):
        with pytest.raises(FaultyInput, match="not of a search"):
            optimise(ASKED, out=tmp_path, resume=resume, workers=1, scale=SCALE)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / ARCHIVE).write_bytes(b"no longer a database" * 100)
    with pytest.raises(FaultyInput, match="damaged search"):
        optimise(ASKED, out=damaged, resume=True, workers=1, scale=SCALE)


def test_a_refused_question_leaves_its_folder_free(tmp_path: Path) -> None:
    out = tmp_path / "search"
    with pytest.raises(FaultyInput, match="effort"):
        optimise(ASKED, out=out, simulations=5, workers=1, scale=SCALE)
    assert not out.exists()


def test_runs_of_other_code_are_not_taken_for_those_of_this(
    searched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_language("en")
    monkeypatch.setattr("simulator.experiments.optimise.folder.code_hash", lambda *_: "another")
    with pytest.raises(FaultyInput, match=r"differs in: the code\n"):
        optimise(ASKED, out=searched, resume=True, workers=1, scale=SCALE)


def _told(asked: Question, plans: list[Plan]) -> np.ndarray:
    response = Country(asked, Archive(None, (len(MEASURES), asked.years, N_CELLS)), scale=SCALE)
    sample = response.search_samples[:1]
    return response.tell(plans, sample, lambda _runs: None)


def test_doubled_unit_costs_with_doubled_money_change_nothing_in_the_model() -> None:
    ledger, _ = country(203, SCALE)
    p = {name: one.central for name, one in ledger.parameters.items()}
    costs = unit_costs(ledger, p, prices(ledger, p), ())
    names = list(ledger.lines)
    doubled = tuple(
        UnitCost(
            line, kind, 2.0 * float(getattr(costs, kind)[names.index(line)]), 2025, "PEN", "test", "test"
        )
        for line in LINES
        for kind in ("current", "investment")
    )
    dear = replace(ASKED, base=replace(ASKED.base, unit_costs=doubled))
    once = _told(ASKED, [Plan((2e8, 1e8, 1e7))])
    twice = _told(dear, [Plan((4e8, 2e8, 2e7))])
    np.testing.assert_array_equal(once, twice)


def test_samples_of_the_confirmation_are_not_those_of_the_search() -> None:
    # So many search draws that draws of another seed alone would take some of their sets again.
    asked = replace(ASKED, effort=replace(ASKED.effort, draws=30))
    response = Country(asked, Archive(None, (len(MEASURES), 2, N_CELLS)), scale=SCALE)
    search, fresh = response.search_samples, response.fresh_samples(40)
    assert (len(search), len(fresh)) == (30, 40)
    assert response.fresh_samples(12) == fresh[:12]
    assert search[0] == Sample("", 0, 0)
    assert {one.seed for one in search} == {0}
    assert {one.seed for one in fresh} == {1}
    posterior = load_posterior()
    seen = {row_of(posterior, one.draw, 0) for one in search[1:]}
    assert seen & {row_of(posterior, draw, 1) for draw in range(1, 41)}
    assert not seen & {row_of(posterior, one.draw, 1) for one in fresh}
    # A row is the set that the model is run with.
    values = response.values(fresh[0])
    row = posterior.values[row_of(posterior, fresh[0].draw, 1)]
    assert [values[name] for name in posterior.names] == row.tolist()


def test_every_sample_has_a_chance_of_its_own() -> None:
    base, plan = ASKED.base, Plan((0.0, 0.0, 0.0))
    response = Country(ASKED, Archive(None, (len(MEASURES), 2, N_CELLS)), scale=SCALE)
    one, other = (Sample("", draw, 0) for draw in (0, 1))
    values = tuple(sorted(response.values(one).items()))
    scenario = scenario_of(ASKED, plan, response.limits().shares, "same")
    # The same parameters under the chance of two samples.
    first, second = (
        run_task(Task(base, values, sample, 180, 180, 203, SCALE, (scenario,)))[0][1]
        for sample in (one, other)
    )
    assert not np.array_equal(first, second)


def test_what_is_known_of_lines() -> None:
    response = Country(ASKED, Archive(None, (len(MEASURES), 2, N_CELLS)), scale=SCALE)
    limits = response.limits()
    assert (limits.most > 0.0).all()
    np.testing.assert_allclose(limits.shares.sum(axis=1), 1.0)
    assert limits.attributed["police"] > 0.0


def test_a_plan_tells_what_the_indicators_tell() -> None:
    import simulator  # noqa: PLC0415
    from simulator.outcomes.indicators import yearly  # noqa: PLC0415

    told = _told(ASKED, [Plan((0.0, 0.0, 0.0))])[0, 0]
    table = yearly(simulator.compare([ASKED.base], until="2028-12", scale=SCALE)).squeeze()
    for name in ("child_months", "first_entries", "returns", "aged_out", "completed", "completed_share"):
        there = table[name].sel(year=[2027, 2028]).values
        np.testing.assert_allclose(told[list(MEASURES).index(name), :, 0], there, equal_nan=True)


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimise", str(tmp_path / "nothing.yaml"), "--lang", "en"]) == 2
    assert "nothing.yaml" in capsys.readouterr().err
    assert main(["optimise", "--lang", "en"]) == 2
    assert main(["optimise", "a.yaml", "--workers", "none", "--lang", "en"]) == 2
    assert "--workers" in capsys.readouterr().err
