"""Commands of calibration: the fit."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from simulator.faults import did_you_mean
from simulator.terminal import (
    LARGEST_COUNT,
    LARGEST_SEED,
    bad_option,
    check_writable,
    flag,
    option,
    print_json,
    progress_bar,
    show,
    whole,
)
from simulator.texts import t

SMALLEST_BUDGET: Final = 40


def calibrate(
    *,
    budget: Annotated[str, option("--budget", "calibration_budget")] = "1000",
    out: Annotated[str, option("--out", "calibration_folder")] = "calibration_run",
    resume: Annotated[bool, flag("--resume", "fit_resume")] = False,
    structure: Annotated[list[str] | None, option("--structure", "structure")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "1",
    workers: Annotated[str | None, option("--workers", "calibration_workers")] = None,
    scheduler: Annotated[str | None, option("--scheduler", "scheduler")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Fit parameters to the official series."""
    n = whole("--budget", budget, SMALLEST_BUDGET, LARGEST_COUNT)
    first = whole("--seed", seed, 0, LARGEST_SEED)
    n_workers = None if workers is None else whole("--workers", workers, 1, 1024)
    folder = Path(out)
    if (folder / "simulations").exists() and not resume:
        raise bad_option(
            "--out", f"{out}: {t('fit.found.folder')}", t("fit.allowed.folder"), t("fit.do.folder")
        )
    structures = _structures(structure or ())
    check_writable(folder / "simulations")

    from calibration.calibrate import calibrate as work
    from calibration.outcome import identified_table, structures_table, write

    try:
        with progress_bar(quiet=quiet or as_json) as progress:
            done = work(
                folder,
                budget=n,
                seed=first,
                structures=structures,
                workers=n_workers,
                scheduler=scheduler,
                progress=progress,
            )
    except OSError as error:
        if scheduler is None:
            raise
        raise bad_option("--scheduler", f"{scheduler}: {error}", t("fit.allowed.scheduler")) from None
    posterior = write(done, folder)
    tables = {"parameters": identified_table(done), "structures": structures_table(done)}
    if as_json:
        print_json(
            {"manifest": posterior.manifest, **{key: table.records() for key, table in tables.items()}}
        )
    elif quiet:
        print(folder)
    else:
        for table in tables.values():
            show(table)
            print()
        print(t("cli.written", path=folder))


def _structures(names: list[str] | tuple[()]) -> tuple[str, ...]:
    """Return the structures asked for: known ones, one of a group."""
    if not names:
        return ()
    from simulator.experiments.structures import load_structures

    known = load_structures()
    for name in names:
        if name not in known:
            raise bad_option("--structure", name, ", ".join(known), did_you_mean(name, tuple(known)))
    if len({known[name].group for name in names}) < len(names):
        raise bad_option("--structure", " ".join(names), t("fit.allowed.structures"))
    return tuple(names)
