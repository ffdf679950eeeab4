"""What commands share: words of options, loading, destinations, progress, what is printed.

Nothing heavy is imported here, so that help answers at once. Options arrive as text, so that every fault is
told in one form; their help is looked up in the language of the call.
"""

# ruff: noqa: PLC0415  (imports inside functions are the point of this file)

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Final

import typer

from simulator.faults import Fault, FaultyInput, did_you_mean
from simulator.texts import t

if TYPE_CHECKING:
    from scenarios import Scenario
    from simulator.tables import Table

PROGRAM: Final = "sintrata"

OK: Final = 0
BROKEN: Final = 1
FAULTY: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143
"""A signal asked the program to end (128 and its number); what is done is kept."""

FORMATS: Final = {"zarr": ".zarr", "netcdf": ".nc", "csv": "_csv"}
"""Result formats and how the name of a result ends; CSV is a folder of tables."""

DRAWS_FROM: Final = ("posterior", "prior")
"""As in ``experiments.design``, which is slow to import; a test holds the two together."""

LARGEST_COUNT: Final = 1_000_000
LARGEST_SEED: Final = 2**63 - 1


def tell(faults: Sequence[Fault], *, as_json: bool) -> int:
    """Print faults; return the exit code of faulty input."""
    if as_json:
        print_json({"faults": fault_records(faults)})
    else:
        print("\n\n".join(str(fault) for fault in faults), file=sys.stderr)
    return FAULTY


def fault_records(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Return faults for a program."""
    return [{"where": f.where, "found": f.found, "allowed": f.allowed, "do": f.do} for f in faults]


def print_json(value: object) -> None:
    """Print one JSON object, characters as they are."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2, default=plain))


def plain(value: Any) -> object:
    """Return the plain number of a NumPy scalar, and the text of anything else."""
    return value.item() if hasattr(value, "item") else str(value)


def show(table: Table) -> None:
    """Print a table as wide as the screen."""
    print("\n".join(table.lines(max(60, get_terminal_size((110, 24)).columns))))


def short(text: str) -> str:
    """Return the beginning of a text, without what cannot be printed."""
    return "".join(c if c.isprintable() else "?" for c in text[:80])


# What the words of an option may be. All arrive as text, so that every fault is told in one form.


def bad_option(option: str, found: str, allowed: str, do: str | None = None) -> FaultyInput:
    """Return the fault of an option."""
    return FaultyInput(
        [
            Fault(
                where=f"{PROGRAM} {option}",
                found=short(found) or t("cli.found.no_value"),
                allowed=allowed,
                do=do or t("cli.do.change", option=option),
            )
        ]
    )


def whole(option: str, text: str, smallest: int, largest: int) -> int:
    """Return a whole number within limits."""
    number = int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else None
    if number is None or not smallest <= number <= largest:
        raise bad_option(option, text, t("cli.allowed.whole", low=smallest, high=f"{largest:,}"))
    return number


def source_of_draws(text: str) -> str:
    """Return where parameter draws come from."""
    if text not in DRAWS_FROM:
        raise bad_option("--draws-from", text, ", ".join(DRAWS_FROM), did_you_mean(text, DRAWS_FROM))
    return text


def month_of(option: str, text: str) -> int:
    """Return a month of the simulated time, counted from January 2012."""
    from simulator.engine.states import LAST_MONTH, REPORT_FROM, month_index, month_name

    try:
        ti = month_index(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) else None
    except ValueError:
        ti = None
    if ti is None or not REPORT_FROM <= ti <= LAST_MONTH:
        allowed = t("cli.allowed.month", first=month_name(REPORT_FROM), last=month_name(LAST_MONTH))
        raise bad_option(option, text, allowed)
    return ti


def format_of(text: str | None, out: str | None) -> str:
    """Return the format asked for, else the one that the name of the result tells, else Zarr."""
    ending = "" if out is None else out.lower()
    told = next((name for name, end in FORMATS.items() if ending.endswith(end)), None)
    if text is None:
        return told or "zarr"
    if text not in FORMATS:
        raise bad_option("--format", text, ", ".join(FORMATS), did_you_mean(text, tuple(FORMATS)))
    if told is not None and told != text:
        allowed = t("cli.allowed.suffix", suffix=FORMATS[text], format=text)
        raise bad_option("--out", str(out), allowed)
    return text


def one_name(names: Sequence[str], command: str, what: str) -> str:
    """Return the only name given."""
    if len(names) != 1:
        raise count_fault(command, names, what)
    return names[0]


def count_fault(command: str, names: Sequence[str], allowed: str) -> FaultyInput:
    """Return the fault of too many names, or none."""
    where = f"{PROGRAM} {command}"
    found = t("cli.found.names", names=short(" ".join(names))) if names else t("cli.found.no_name")
    help_of = f"{PROGRAM} {command.split(maxsplit=1)[0]}"
    return FaultyInput([Fault(where, found, allowed, t("cli.do.help", command=help_of))])


# Where results go: never over something that is there.


def destination(out: str | None, name: str, kind: str) -> Path:
    """Return where a result will stand; a folder gets a name of its own, with a number if it is taken."""
    suffix = FORMATS[kind]
    if out is not None and out.lower().endswith(suffix):
        path = Path(out)
        if os.path.lexists(path):
            raise bad_option("--out", out, t("cli.allowed.new_path"), t("cli.do.new_path"))
        return path
    folder = Path("results" if out is None else out)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "scenario"
    number = 1
    while os.path.lexists(path := folder / f"{stem if number == 1 else f'{stem}-{number}'}{suffix}"):
        number += 1
    return path


def check_writable(path: Path) -> None:
    """Try the place of a result: an unwritable folder is told before a run, not after it."""
    probe = path.with_name(f".{path.stem}.{os.getpid()}.probe")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> FaultyInput:
    """Return the fault of a place that cannot be written."""
    found = f"{path}: {error.strerror or error}"
    return bad_option("--out", found, t("cli.allowed.writable"), t("cli.do.writable"))


LINE_EVERY_S: Final = 2.0
"""Fewest seconds between two lines of progress where nobody looks at a screen."""

STEP: Final = 0.1
"""Share of the work after which such a line is printed, for a log that somebody reads later."""

SILENT_S: Final = 30.0
"""Seconds after which one is printed however little has been done."""


@contextmanager
def progress_bar(*, quiet: bool, lines: bool = False) -> Iterator[Callable[[int, int, str], None] | None]:
    """Give the function that the engine calls as it advances: a bar on a screen, elsewhere sparse lines.

    Parameters
    ----------
    lines : elsewhere, print a line every ``LINE_EVERY_S``, for another program that watches
    """
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _line_now_and_then(*((0.0, 0.0) if lines else (STEP, SILENT_S)))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def advance(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=t(f"cli.progress.{label}"))

        yield advance


def _line_now_and_then(step: float, silent_s: float) -> Callable[[int, int, str], None]:
    """Print how far the work is after a share of it, or after some seconds; never more often than may be."""
    last, told, doing = time.monotonic(), 0, ""

    def tell(done: int, total: int, label: str) -> None:
        nonlocal last, told, doing
        told, doing = (told if label == doing else 0), label
        since = time.monotonic() - last
        if since >= LINE_EVERY_S and (done - told >= step * total or since >= silent_s):
            last, told = time.monotonic(), done
            print(f"{t(f'cli.progress.{label}')}: {done}/{total}", file=sys.stderr, flush=True)

    return tell


# Annotations of commands are text until the application is built: then ``t`` chooses the words.


def names_of(key: str) -> Any:
    """Return what a command asks for by name."""
    return typer.Argument(metavar=t(f"cli.metavar.{key}"), help=t(f"cli.argument.{key}"), show_default=False)


def option(name: str, key: str) -> Any:
    """Return an option with a value."""
    metavar = t(f"cli.metavar.{key}")
    return typer.Option(name, metavar=metavar, help=t(f"cli.option.{key}"), show_default=False)


def flag(name: str, key: str) -> Any:
    """Return an option without a value."""
    return typer.Option(name, help=t(f"cli.option.{key}"), show_default=False)


def load_scenarios(names: Sequence[str], until: str | None) -> list[Scenario]:
    """Return the scenarios, or raise with the faults of them all."""
    from dataclasses import replace

    from scenarios import load_scenario

    last = None if until is None else month_of("--until", until)
    scenarios: list[Scenario] = []
    faults: list[Fault] = []
    for name in names:
        try:
            scenario = load_scenario(name)
        except FaultyInput as error:
            faults.extend(error.faults)
        else:
            scenarios.append(scenario if last is None else replace(scenario, until_ti=last))
    for k, scenario in enumerate(scenarios):
        if scenario.name in [other.name for other in scenarios[:k]]:
            found = t("cli.found.same_name", name=scenario.name)
            faults.append(Fault(scenario.name, found, t("cli.allowed.own_name"), t("cli.do.own_name")))
    if faults:
        raise FaultyInput(list(dict.fromkeys(faults)))
    return scenarios
