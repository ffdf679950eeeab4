"""The command that searches for the best use of money."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from simulator.terminal import (
    check_writable,
    flag,
    names_of,
    one_name,
    option,
    print_json,
    progress_bar,
    show,
    whole,
)
from simulator.texts import t

if TYPE_CHECKING:
    from simulator.experiments.optimise.run import Status

MOST_WORKERS: Final = 1024
MOST_SIMULATIONS: Final = 1_000_000


def optimise(
    names: Annotated[list[str] | None, names_of("question")] = None,
    *,
    out: Annotated[str | None, option("--out", "search_folder")] = None,
    resume: Annotated[bool, flag("--resume", "resume_search")] = False,
    workers: Annotated[str | None, option("--workers", "search_workers")] = None,
    budget: Annotated[str | None, option("--budget", "search_simulations")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Search for the best split of money, and confirm it."""
    file = one_name(names or (), "optimise", t("cli.allowed.one_question"))
    n_workers = None if workers is None else whole("--workers", workers, 1, MOST_WORKERS)
    simulations = None if budget is None else whole("--budget", budget, 1, MOST_SIMULATIONS)

    from simulator.experiments.optimise.folder import DATA, SCENARIOS, SUMMARY, optimise, summary
    from simulator.experiments.optimise.question import load_question
    from simulator.exports.optimum import write_picture
    from simulator.report_optimum import tables

    question = load_question(file)
    folder = Path("results") / question.name if out is None else Path(out)
    check_writable(folder / "search")
    with progress_bar(quiet=quiet or as_json) as progress:

        def report(status: Status) -> None:
            if progress is not None:
                progress(status.runs, status.total, status.phase)

        found = optimise(
            question, out=folder, resume=resume, workers=n_workers, simulations=simulations, report=report
        )
    written = [folder / DATA, folder / SUMMARY, *write_picture(found, folder)]
    written += [path for name in SCENARIOS.values() if (path := folder / f"{name}.yaml").exists()]
    if as_json:
        print_json({**summary(found), "files": [str(path) for path in written]})
        return
    for table in tables(found):
        if not quiet:
            show(table)
            print()
    for path in written:
        print(path if quiet else t("cli.written", path=path))
