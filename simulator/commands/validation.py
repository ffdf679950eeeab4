"""The command that holds the model against official series."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from simulator.terminal import (
    LARGEST_COUNT,
    LARGEST_SEED,
    check_writable,
    flag,
    option,
    print_json,
    progress_bar,
    show,
    source_of_draws,
    unwritable,
    whole,
)
from simulator.texts import t

FEWEST_DRAWS: Final = 2


def validate_model(
    *,
    data: Annotated[str | None, option("--data", "series_file")] = None,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "validation_draws")] = "40",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    out: Annotated[str, option("--out", "folder")] = "results",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    """Hold the model against official series; write a report and its numbers."""
    options: dict[str, Any] = {
        "seed": whole("--seed", seed, 0, LARGEST_SEED),
        "draws": whole("--draws", draws, FEWEST_DRAWS, LARGEST_COUNT),
        "replicates": whole("--replicates", replicates, 1, LARGEST_COUNT),
        "draws_from": source_of_draws(draws_from),
        "threads": None if threads is None else whole("--threads", threads, 1, 1024),
    }
    folder = Path(out)
    check_writable(folder / "validation")

    from calibration.targets import read_data

    if data is not None:
        options["data"] = read_data(Path(data))

    from calibration.report import coverage_table, goals_table, record
    from calibration.validation import validate

    with progress_bar(quiet=quiet or as_json) as progress:
        validation = validate(progress=progress, **options)

    from calibration.report import write

    try:
        paths = write(validation, folder)
    except OSError as error:
        raise unwritable(folder, error) from None
    if as_json:
        print_json({**record(validation), "files": [str(path) for path in paths]})
        return
    if not quiet:
        show(coverage_table(validation))
        print()
        show(goals_table(validation))
        print()
    for path in paths:
        print(path if quiet else t("cli.written", path=path))
