"""A question answered in a folder: what is kept, so that a search can be watched, killed and gone on with."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Any, Final

from scenarios.levers import Bilingual
from scenarios.schema import Scenario
from simulator.experiments.code import TOLD, code_hash
from simulator.experiments.optimise.answer import Answer
from simulator.experiments.optimise.archive import Archive
from simulator.experiments.optimise.measures import MEASURES, N_CELLS
from simulator.experiments.optimise.plan import scenario_of
from simulator.experiments.optimise.question import Question, load_question
from simulator.experiments.optimise.response import Country
from simulator.experiments.optimise.run import Report, Status, answer
from simulator.experiments.posterior import load_posterior
from simulator.experiments.workers import country
from simulator.faults import Fault, FaultyInput
from simulator.texts import LANGUAGES, t
from simulator.version import __version__

ARCHIVE: Final = "simulations.sqlite"
PROGRESS: Final = "progress.json"
DATA: Final = "answer.nc"
SUMMARY: Final = "answer.json"
SCENARIOS: Final = {"best": "optimum", "by territory": "optimum_by_territory", "by year": "optimum_by_year"}
"""Plans that become scenarios, and the names of these."""


def optimise(
    question: str | os.PathLike[str] | Question,
    *,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    workers: int | None = None,
    simulations: int | None = None,
    scale: float = 1.0,
    report: Report | None = None,
) -> Answer:
    """Search for the best use of the money of a question, and confirm it on draws and seeds of their own.

    Parameters
    ----------
    question : file, or loaded
    out : folder for finished runs, progress and the answer; ``None`` = nothing is kept
    resume : go on with a search that the folder holds
    workers : processes, by default one for each core
    simulations : most runs of the model; by default as the question says
    scale : share of the country; anything but 1 is for tests
    report : called whenever there is something new

    Returns
    -------
    answer, the same for the same question and number of runs, whoever does them and however often it stops

    Raises
    ------
    FaultyInput
        If the question has faults, its budget of runs is too small, or the folder holds another search.
    """
    asked = question if isinstance(question, Question) else load_question(question)
    if simulations is not None:
        asked = replace(asked, effort=replace(asked.effort, simulations=simulations))
    folder = None if out is None else Path(out)
    archive = _open(asked, folder, scale, resume=resume)
    n = workers or os.cpu_count() or 1
    response: Country | None = None
    refused = False
    try:
        response = Country(asked, archive, workers=n, scale=scale)
        found = answer(asked, response, _reporter(asked, folder, report))
        if folder is not None:
            _write(found, response, folder)
    except FaultyInput:
        refused = not archive.count()
        raise
    finally:
        if response is not None:
            response.close()
        archive.close()
        if refused and folder is not None:
            _leave_no_trace(folder)
    return found


def identity(question: Question, scale: float) -> dict[str, str]:
    """Return hashes of everything that decides what runs of a question tell, and which it asks for."""
    ledger, population = country(12 * (question.until - 2012) + 11, scale)
    told = asdict(replace(question, base=question.base, label=Bilingual("", "")))
    told["base"] = question.base.hash
    del told["effort"]["simulations"]
    return {
        "question": _hash(told),
        "data": ledger.hash,
        "population": population.digest,
        "posterior": _hash(load_posterior().manifest),
        "code": f"{__version__} {code_hash(*TOLD)}",
    }


def _hash(tree: Any) -> str:
    return sha256(json.dumps(tree, sort_keys=True, default=str).encode()).hexdigest()


def _open(question: Question, folder: Path | None, scale: float, *, resume: bool) -> Archive:
    shape = (len(MEASURES), question.years, N_CELLS)
    if folder is None:
        return Archive(None, shape)
    folder.mkdir(parents=True, exist_ok=True)
    there = (folder / ARCHIVE).exists()
    if there and not resume:
        raise _refused(folder, "taken")
    if not there and any(folder.iterdir()):
        raise _refused(folder, "foreign")
    own = identity(question, scale)
    try:
        archive = Archive(folder / ARCHIVE, shape)
        # One without runs may have been killed before it was described.
        differs = [t(f"optimise.differs.{name}") for name, one in own.items() if archive.about(name) != one]
        if archive.count() and differs:
            archive.close()
            raise _refused(folder, "another", what=", ".join(differs))
        archive.describe(**own)
    except DatabaseError as error:
        raise _refused(folder, "damaged", reason=str(error)) from None
    return archive


def _leave_no_trace(folder: Path) -> None:
    """Take away what a search that was refused has made: nothing of it could be gone on with."""
    (folder / ARCHIVE).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _refused(folder: Path, kind: str, **words: str) -> FaultyInput:
    fault = Fault(
        str(folder),
        t(f"optimise.found.{kind}", **words),
        t(f"optimise.allowed.{kind}"),
        t(f"optimise.do.{kind}"),
    )
    return FaultyInput([fault])


def _reporter(question: Question, folder: Path | None, report: Report | None) -> Report:
    def tell(status: Status) -> None:
        if folder is not None:
            _put(folder / PROGRESS, json.dumps({"question": question.name, **asdict(status)}, indent=1))
        if report is not None:
            report(status)

    return tell


def _put(path: Path, text: str) -> None:
    """Write a file so that nobody who reads it meanwhile sees half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _write(found: Answer, response: Country, folder: Path) -> None:
    found.dataset.to_netcdf(folder / DATA, engine="h5netcdf")
    for name, file in SCENARIOS.items():
        if any(one.name == name for one in found.named):
            scenario = scenario_of_answer(found, response, name, file)
            _put(folder / f"{file}.yaml", scenario.to_yaml())
    _put(folder / SUMMARY, json.dumps(summary(found), ensure_ascii=False, indent=1))


def scenario_of_answer(found: Answer, response: Country, name: str, file: str) -> Scenario:
    """Return a plan of an answer as a scenario like any other."""
    texts = {
        lang: t(f"optimise.scenario.{file}", lang, name=getattr(found.question.label, lang))
        for lang in LANGUAGES
    }
    label = Bilingual(**{lang: text[:120] for lang, text in texts.items()})
    return scenario_of(found.question, found.plan(name), response.limits().shares, file, label)


def summary(found: Answer) -> dict[str, Any]:
    """Return an answer as plain data: what tables, pictures and pages show."""
    data, question = found.dataset, found.question
    plans = []
    for one in found.named:
        gains = {measure: asdict(found.gain(one.name, measure)) for measure in MEASURES}
        plans.append(
            {
                "name": one.name,
                "total": one.plan.total,
                "money": {
                    line: amount
                    for line, amount in zip(question.lines, one.plan.money, strict=True)
                    if amount > 0.0
                },
                "value": asdict(found.told(one.name)),
                "gains": gains,
                "reached": [float(x) for x in data["reached"].sel(plan=one.name)],
                "beside_best": asdict(found.beside(one.name)),
            }
        )
    return {
        "question": question.name,
        "label": asdict(question.label),
        "objective": dict(question.objective),
        "risk": question.risk,
        "total": question.total,
        "price_year": question.price_year,
        "targets": [asdict(target) for target in question.targets],
        "samples": int(data.sizes["sample"]),
        "feasible": found.feasible,
        "alike": list(found.alike),
        "plans": plans,
        "funded_share": {
            str(line): float(share)
            for line, share in zip(data["line"].values, data["funded_share"].values, strict=True)
            if share > 0.0
        },
        "notes": found.notes,
    }
