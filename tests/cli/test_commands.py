"""What each command prints, how it ends, and that nothing half-written stays behind."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

import simulator
from simulator import terminal
from simulator.cli import main
from simulator.tables import Column, Table
from simulator.texts import t

BAD = """\
schema: 1
label: {es: a, en: b}
until: 2027-13
interventions:
  - {use: upe, start: 2026-01, amount: 1}
"""


class Result:
    """Stands for a dataset: writes half a file, then fails as it is told."""

    attrs: ClassVar[dict[str, object]] = {}
    data_vars: ClassVar[dict[str, object]] = {}

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure

    def to_netcdf(self, path: Path, **_: object) -> None:
        path.write_text("half", encoding="utf-8")
        if self.failure is not None:
            raise self.failure

    def to_zarr(self, path: Path, **_: object) -> None:
        path.mkdir()
        self.to_netcdf(path / "part")


class Engine:
    """Stands for the engine: remembers how it was called, and fails as it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, dict[str, Any]]] = []
        self.on_run: BaseException | None = None
        self.on_save: BaseException | None = None

    def run(self, scenario: Any, **options: Any) -> Result:
        self.calls.append((scenario, options))
        if self.on_run is not None:
            raise self.on_run
        return Result(self.on_save)


def table(*_: object) -> Table:
    columns = (Column("year", "year"), Column("entries", "entries", ",.0f"))
    return Table("", columns, ({"year": 2030, "entries": 1234.4},))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    fake = Engine()
    report = ModuleType("simulator.report")
    names = (
        "yearly_table",
        "effects_table",
        "money_table",
        "money_by_year_table",
        "precision_table",
        "levels_table",
    )
    vars(report)["outcomes_table"] = lambda _: Table("", (), ())
    vars(report)["periods"] = lambda _: [[2027, 2030]]
    told = {"yearly_records": lambda _: table().records(), "has_money": lambda _: False}
    vars(report).update(dict.fromkeys(names, table), **told)
    monkeypatch.setitem(sys.modules, "simulator.report", report)
    monkeypatch.setattr(simulator, "report", report, raising=False)
    for name in ("run", "compare"):
        monkeypatch.setitem(vars(simulator), name, fake.run)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SINTRATA_LANG", "en")
    return fake


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_run_keeps_the_result_and_shows_the_table(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["run", "baseline", "--seed", "7", "--draws", "3", "--threads", "2", "--until", "2028-06"]) == 0
    )
    scenario, options = engine.calls[0]
    assert (scenario.name, scenario.until_ti) == ("baseline", 197)
    assert {k: options[k] for k in ("seed", "draws", "replicates", "threads")} == {
        "seed": 7,
        "draws": 3,
        "replicates": 1,
        "threads": 2,
    }
    told = capsys.readouterr().out
    assert "1,234" in told
    assert str(Path("results/baseline.zarr")) in told
    assert files(tmp_path) == ["results", "results/baseline.zarr", "results/baseline.zarr/part"]


def test_a_second_result_stands_beside_the_first(engine: Engine, tmp_path: Path) -> None:
    for _ in range(3):
        assert main(["run", "baseline", "--quiet", "--format", "netcdf"]) == 0
    assert files(tmp_path / "results") == ["baseline-2.nc", "baseline-3.nc", "baseline.nc"]
    assert len(engine.calls) == 3


def test_a_path_of_ones_own_is_never_overwritten(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "baseline", "--quiet", "--out", "mine/first.nc"]) == 0
    assert files(tmp_path) == ["mine", "mine/first.nc"]
    assert main(["run", "baseline", "--quiet", "--out", "mine/first.nc"]) == 2
    assert "nothing yet" in capsys.readouterr().err
    assert len(engine.calls) == 1
    assert main(["run", "baseline", "--quiet", "--out", "mine"]) == 0
    assert "mine/baseline.zarr" in files(tmp_path)


def test_json_is_one_object_and_nothing_else(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "baseline", "detection_without_places", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == ""
    assert [each["name"] for each in told["scenarios"]] == ["baseline", "detection_without_places"]
    assert told["effects"] == told["years"] == [{"year": 2030, "entries": 1234.4}]
    assert Path(told["result"]).name == "baseline-detection_without_places.zarr"
    assert main(["run", "nothing", "--json"]) == 2
    assert "no scenario" in json.loads(capsys.readouterr().out)["faults"][0]["found"]
    assert len(engine.calls) == 1


def test_scenarios_can_be_compared_in_one_year(
    engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []
    effects = lambda _, years: (asked.append(years), table())[1]  # noqa: E731
    monkeypatch.setattr(sys.modules["simulator.report"], "effects_table", effects)
    words = ["compare", "baseline", "detection_without_places", "--quiet"]
    assert main([*words, "--json", "--year", "2029"]) == 0
    assert main([*words, "--json"]) == 0
    assert asked == [[2029], [2027, 2030]]
    capsys.readouterr()
    for bad in ("2016", "2031", "next"):
        assert main([*words, "--year", bad]) == 2
        assert "2017" in capsys.readouterr().err
    assert main([*words, "--until", "2029-06", "--year", "2029"]) == 2
    assert len(engine.calls) == 2


@pytest.mark.parametrize("moment", ["on_run", "on_save"])
def test_an_interruption_leaves_nothing_half_written(
    moment: str, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setattr(engine, moment, KeyboardInterrupt())
    for form in ("zarr", "netcdf"):
        assert main(["run", "baseline", "--format", form]) == 130
        assert capsys.readouterr().err.strip() == t("cli.interrupted", lang="en")
    assert files(tmp_path) == ["results"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_is_told_and_leaves_nothing(
    number: int, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.on_save = OSError(number, os.strerror(number))
    assert main(["run", "baseline"]) == 2
    told = capsys.readouterr().err
    assert os.strerror(number) in told
    assert "--out" in told
    assert files(tmp_path) == ["results"]


def test_an_unwritable_place_is_told_before_the_run(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file, not a folder", encoding="utf-8")
    assert main(["run", "baseline", "--out", "taken/result.nc"]) == 2
    assert "a path that can be written to" in capsys.readouterr().err
    assert engine.calls == []


def test_an_error_of_the_program_is_a_sentence(
    engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.on_run = ZeroDivisionError("by nothing")
    assert main(["run", "baseline"]) == 1
    told = capsys.readouterr().err
    assert "ZeroDivisionError: by nothing" in told
    assert "Traceback" not in told
    monkeypatch.setenv("SINTRATA_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["run", "baseline"])


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["frob"], ("the unknown command frob", "run, compare, score")),
        (["explian", "month"], ("explian", "did you mean: explain")),
        (["run", "baseline", "--sed", "3"], ("the unknown option --sed", "did you mean: --seed")),
        (["run", "baseline", "--seed"], ("--seed", "without a value")),
        (["run", "baseline", "--seed", "x"], ("sintrata --seed", "x", "a whole number from 0")),
        (["run", "baseline", "--seed", "-1"], ("-1", "a whole number from 0")),
        (["run", "baseline", "--draws", "0"], ("0", "a whole number from 1")),
        (["run", "baseline", "--draws", "1.5"], ("1.5", "a whole number from 1")),
        (["run", "baseline", "--replicates", "9" * 30], ("999", "a whole number from 1")),
        (["run", "baseline", "--until", "2044-13"], ("2044-13", "between 2017-01 and 2050-12")),
        (["run", "baseline", "--until", "2051-01"], ("2051-01", "between 2017-01 and 2050-12")),
        (["run", "baseline", "--format", "netcfd"], ("netcfd", "did you mean: netcdf")),
        (["run", "baseline", "--format", "csv", "--out", "a.nc"], ("a.nc", "ends in _csv")),
        (["run"], ("no name", "one scenario")),
        (
            ["run", "baseline", "detection_without_places"],
            ("baseline detection_without_places", "one scenario"),
        ),
        (["compare", "baseline"], ("baseline", "two or more scenarios")),
        (["compare", "baseline", "baseline"], ("two scenarios named baseline", "a different name")),
        (["run", "basline"], ("basline", "did you mean: baseline")),
        (["explain"], ("no name", "parameters, mechanisms, scenario, population, month, levels")),
        (["explain", "mnth"], ("mnth", "did you mean: month")),
        (["explain", "month", "x"], ("sintrata explain month", "without further words")),
        (["explain", "scenario"], ("no name", "one scenario")),
        (["explain", "parameters", "recruitmnt"], ("recruitmnt", "recruitment")),
        (["validate"], ("no name", "one or more files")),
        (["precision", "baseline", "--width", "0"], ("0", "above 0 and up to 10")),
        (["precision", "baseline", "--width", "."], (".", "above 0 and up to 10")),
        (["--lang", "fr"], ("fr", "es, en")),
        (["--lang"], ("--lang", "es, en")),
    ],
)
def test_faulty_words_are_told_in_four_parts(
    words: list[str], parts: tuple[str, ...], engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    for label in ("found", "allowed", "do"):
        assert t(f"fault.{label}", lang="en") in err
    for part in parts:
        assert part in err
    assert engine.calls == []


def test_validate_tells_all_faults_of_all_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(BAD, encoding="utf-8")
    names = [str(tmp_path / "one.yaml"), "baseline", str(tmp_path / "two.yaml")]
    assert main(["validate", *names, "--lang", "es"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("baseline: sin faltas")
    assert err.count("2027-13 (texto)") == 2
    assert "one.yaml:3  until" in err
    assert "two.yaml:5  interventions[0].use" in err
    assert main(["validate", *names, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["valid"]] == ["baseline"]
    assert len(told["faults"]) == 4
    assert main(["validate", "baseline", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_the_library_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "--lang", "es"]) == 0
    assert "Escenario tendencial" in capsys.readouterr().out
    assert main(["scenarios", "--quiet"]) == 0
    assert capsys.readouterr().out.split()[0] == "baseline"


def test_explain_scenario_shows_what_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "scenario", "capacity_ceiling", "--json", "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["interventions"]) == 13
    places = next(row for row in told["interventions"] if row["use"] == "specialised_places")
    assert (places["amount"], places["unit"], places["from"]) == (60.0, "places", "2026-01")
    assert told["claims"][0]["measure"] == "completed_share"
    assert main(["explain", "scenario", "baseline", "--lang", "es"]) == 0
    assert "Escenario tendencial" in capsys.readouterr().out


def test_explain_month_names_files_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "month", "--json", "--lang", "en"]) == 0
    steps = json.loads(capsys.readouterr().out)["month"]
    assert [row["step"] for row in steps] == list(range(1, 14))
    package = Path(simulator.__file__).parent
    for row in steps:
        for name in row["files"].split(", "):
            assert (package / name).is_file(), name


def test_explain_parameters_shows_value_range_unit_grade_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "parameters", "recruitment.rr_poverty", "--json", "--lang", "en"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["parameters"]
    assert row["low"] < row["central"] < row["high"]
    assert row["unit"] == "ratio"
    assert row["quality"] in "ABCD"
    assert row["source"]


def test_where_nobody_looks_progress_is_told_in_sparse_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tenth of the work or half a minute brings a line, and a short run none."""
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    with terminal.progress_bar(quiet=False) as tell:
        assert tell is not None
        for done in range(1, 101):
            now[0] += 1.0
            tell(done, 1000, "run")
        for done in range(101, 1001):
            now[0] += 0.1
            tell(done, 1000, "run")
        told = capsys.readouterr()
        assert told.out == ""
        assert [line.rsplit(" ", 1)[1] for line in told.err.splitlines()] == [
            *(f"{done}/1000" for done in (30, 60, 90)),
            *(f"{done}/1000" for done in range(190, 1000, 100)),
        ]
        tell(1, 2, "population")
        assert capsys.readouterr().err == ""
    with terminal.progress_bar(quiet=True) as nothing:
        assert nothing is None


def test_another_program_can_watch_progress_line_by_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "LINE_EVERY_S", 0.0)
    with terminal.progress_bar(quiet=False, lines=True) as tell:
        assert tell is not None
        tell(3, 22, "run")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip().endswith(": 3/22")
    with terminal.progress_bar(quiet=True, lines=True) as nothing:
        assert nothing is None
