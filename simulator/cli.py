"""The command line, ``sintrata``: reads what was asked, calls the package, prints what came out.

Only the command-line library is imported here, so that help answers at once; the rest is imported by the
command that needs it. Help texts are looked up when the application is built, in the language of the call.
"""

# ruff: noqa: PLC0415  (imports inside functions are the point of this file)

from __future__ import annotations

import os
import re
import sys
from _thread import interrupt_main
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from simulator.commands import (
    analysis,
    calibration,
    experiments,
    optimise,
    policy,
    reproduce,
    validation,
)
from simulator.commands.app import app as _app
from simulator.faults import Fault, FaultyInput, did_you_mean, listed
from simulator.terminal import (
    BROKEN,
    FAULTY,
    INTERRUPTED,
    LARGEST_COUNT,
    LARGEST_SEED,
    OK,
    PROGRAM,
    bad_option,
    check_writable,
    count_fault,
    destination,
    fault_records,
    flag,
    format_of,
    load_scenarios,
    names_of,
    one_name,
    option,
    print_json,
    progress_bar,
    short,
    show,
    source_of_draws,
    tell,
    unwritable,
    whole,
)
from simulator.texts import LANGUAGES, set_language, t

if TYPE_CHECKING:
    from scenarios import Scenario
    from simulator.tables import Table

TOPICS: Final = (
    *("parameters", "mechanisms", "scenario", "population", "month", "levels"),
    *("lines", "costs", "crosswalk", "services", "recommendations"),
)
MONEY_TOPICS: Final = ("lines", "costs", "crosswalk", "services", "recommendations")
FISCAL_YEARS: Final = ("peru", "us")
ACTIONS: Final = ("template", "import")
"""What can be done with a budget in a spreadsheet."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code: 0 done, 1 broken, 2 faulty, 130 interrupted, 143 ended."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.unraisablehook = _keep_interrupts
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        words = _take_language(words)
        return _call(words or ["--help"])
    except FaultyInput as error:
        return tell(error.faults, as_json=as_json)
    except KeyboardInterrupt:
        print(t("cli.interrupted"), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has left (``sintrata ... | head``); nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if _was_interrupted(error):
            print(t("cli.interrupted"), file=sys.stderr)
            return INTERRUPTED
        # The last resort: a person gets a sentence, a developer asks for the traceback.
        if os.environ.get("SINTRATA_DEBUG"):
            raise
        print(t("cli.broken", kind=type(error).__name__, message=str(error)[:500]), file=sys.stderr)
        return BROKEN


def _keep_interrupts(unraisable: Any) -> None:
    """Raise an interrupt again that reached a destructor, where Python can only report and forget it."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        interrupt_main()
    else:
        sys.__unraisablehook__(unraisable)


def _was_interrupted(error: BaseException | None) -> bool:
    """Return whether an interrupt is behind an error: compiled code wraps one that reaches it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _take_language(words: list[str]) -> list[str]:
    """Set the language asked for anywhere on the line, and return the other words."""
    rest: list[str] = []
    chosen: str | None = None
    end = words.index("--") if "--" in words else len(words)
    k = 0
    while k < len(words):
        word = words[k]
        if k < end and (word == "--lang" or word.startswith("--lang=")):
            chosen = word.partition("=")[2]
            if word == "--lang":
                k += 1
                chosen = words[k] if k < end else ""
        else:
            rest.append(word)
        k += 1
    set_language(None)
    if chosen is not None:
        if chosen not in LANGUAGES:
            raise bad_option("--lang", chosen, ", ".join(LANGUAGES))
        set_language(chosen)
    return rest


def _call(words: list[str]) -> int:
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in COMMANDS:
        raise FaultyInput(
            [
                Fault(
                    where=PROGRAM,
                    found=t("cli.found.command", name=short(first)),
                    allowed=", ".join(COMMANDS),
                    do=did_you_mean(first, tuple(COMMANDS)),
                )
            ]
        )
    if first is None and "--version" in words:
        from importlib.metadata import version

        print(f"{PROGRAM} {version(PROGRAM)}")
        return OK
    if first is None and not {"--help", "-h"} & set(words):
        words = [*words, "--help"]
    try:
        code = build_app()(words, prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        raise FaultyInput([_usage_fault(error)]) from None
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else OK


def _usage_fault(error: typer.TyperException) -> Fault:
    """Return what the command-line library refused, in our words; it knows the option, not the language."""
    ctx = getattr(error, "ctx", None)
    where = ctx.command_path if ctx is not None else PROGRAM
    option = getattr(error, "option_name", None)
    if option is None:
        return Fault(where, str(error), t("cli.allowed.usage"), t("cli.do.help", command=where))
    options = [name for param in (ctx.command.params if ctx is not None else ()) for name in param.opts]
    if hasattr(error, "possibilities"):
        near = get_close_matches(option, options, n=1)
        return Fault(
            where=where,
            found=t("cli.found.option", name=short(option)),
            allowed=", ".join(sorted(name for name in options if name.startswith("--"))),
            do=t("fault.did_you_mean", name=near[0]) if near else t("fault.choose_allowed"),
        )
    return Fault(
        where=f"{where} {option}",
        found=t("cli.found.no_value"),
        allowed=t("cli.allowed.value"),
        do=t("cli.do.help", command=where),
    )


def _run(
    names: Annotated[list[str] | None, names_of("scenario")] = None,
    *,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "draws")] = "1",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    until: Annotated[str | None, option("--until", "until")] = None,
    out: Annotated[str | None, option("--out", "out")] = None,
    form: Annotated[str | None, option("--format", "format")] = None,
    fiscal: Annotated[str | None, option("--fiscal", "fiscal")] = None,
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    one_name(names or (), "run", t("cli.allowed.one_scenario"))
    _simulate(
        names or (),
        seed=seed,
        draws=draws,
        replicates=replicates,
        until=until,
        out=out,
        form=form,
        fiscal=fiscal,
        draws_from=draws_from,
        threads=threads,
        quiet=quiet,
        as_json=as_json,
    )


def _compare(
    names: Annotated[list[str] | None, names_of("scenarios")] = None,
    *,
    seed: Annotated[str, option("--seed", "seed")] = "0",
    draws: Annotated[str, option("--draws", "paired_draws")] = "12",
    replicates: Annotated[str, option("--replicates", "replicates")] = "1",
    until: Annotated[str | None, option("--until", "until")] = None,
    year: Annotated[str | None, option("--year", "compared_year")] = None,
    out: Annotated[str | None, option("--out", "out")] = None,
    form: Annotated[str | None, option("--format", "format")] = None,
    fiscal: Annotated[str | None, option("--fiscal", "fiscal")] = None,
    draws_from: Annotated[str, option("--draws-from", "draws_from")] = "posterior",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    if len(names or ()) < 2:
        raise count_fault("compare", names or (), t("cli.allowed.two_scenarios"))
    _simulate(
        names or (),
        seed=seed,
        draws=draws,
        replicates=replicates,
        until=until,
        year=year,
        out=out,
        form=form,
        fiscal=fiscal,
        draws_from=draws_from,
        threads=threads,
        quiet=quiet,
        as_json=as_json,
    )


def _simulate(
    names: Sequence[str],
    *,
    seed: str,
    draws: str,
    replicates: str,
    until: str | None,
    year: str | None = None,
    out: str | None,
    form: str | None,
    fiscal: str | None,
    draws_from: str,
    threads: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run one scenario, or several with the same draws; keep the result, show its table."""
    options: dict[str, Any] = {
        "seed": whole("--seed", seed, 0, LARGEST_SEED),
        "draws": whole("--draws", draws, 1, LARGEST_COUNT),
        "replicates": whole("--replicates", replicates, 1, LARGEST_COUNT),
        "threads": None if threads is None else whole("--threads", threads, 1, 1024),
        "draws_from": source_of_draws(draws_from),
    }
    kind = format_of(form, out)
    if fiscal not in (None, *FISCAL_YEARS):
        raise bad_option("--fiscal", str(fiscal), ", ".join(FISCAL_YEARS))
    scenarios = load_scenarios(names, until)
    alone = len(scenarios) == 1
    compared = None if year is None else _compared_year(year, scenarios)
    path = destination(out, "-".join(scenario.name for scenario in scenarios)[:100], kind)
    check_writable(path)

    import simulator
    from simulator import report
    from simulator.outcomes.export import save

    with progress_bar(quiet=quiet or as_json) as progress:
        if alone:
            dataset = simulator.run(scenarios[0], progress=progress, **options)
        else:
            dataset = simulator.compare(scenarios, progress=progress, **options)
    try:
        path = save(dataset, path, kind)
    except OSError as error:
        raise unwritable(path, error) from None
    if alone:
        tables = [report.yearly_table(dataset)]
    else:
        periods = report.periods(dataset) if compared is None else [[compared]]
        tables = [report.effects_table(dataset, years) for years in periods]
    watched = report.outcomes_table(dataset)
    if as_json:
        told = [{"name": each.name, "hash": each.hash} for each in scenarios]
        about = {"scenarios": told, **options, "result": str(path), "format": kind}
        effects = {} if alone else {"effects": [row for table in tables for row in table.records()]}
        money = {
            "money": report.money_table(dataset).records(),
            "fiscal_years": {c: report.money_by_year_table(dataset, c).records() for c in FISCAL_YEARS},
            "outcomes": watched.records(),
        }
        print_json({**about, **effects, **money, "years": report.yearly_records(dataset)})
    elif quiet:
        print(path)
    else:
        for table in tables:
            show(table)
            print()
        if report.has_money(dataset):
            show(report.money_table(dataset))
            print()
        if fiscal is not None:
            show(report.money_by_year_table(dataset, fiscal))
            print()
        if watched.rows:
            show(watched)
            print()
        print(t("cli.saved", path=path))


def _compared_year(text: str, scenarios: Sequence[Scenario]) -> int:
    """Return the year over which scenarios are compared: one that all of them simulate whole."""
    from simulator.engine.states import REPORT_FROM, START_YEAR

    last = min((scenario.until_ti + 1) // 12 for scenario in scenarios) - 1
    return whole("--year", text, START_YEAR + REPORT_FROM // 12, START_YEAR + last)


def _validate(
    names: Annotated[list[str] | None, names_of("files")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> int:
    from scenarios import load_scenario

    if not names:
        raise count_fault("validate", (), t("cli.allowed.files"))
    valid: list[Scenario] = []
    faults: list[Fault] = []
    for name in names:
        try:
            valid.append(load_scenario(name))
        except FaultyInput as error:
            faults.extend(error.faults)
    if as_json:
        told = [{"name": each.name, "hash": each.hash} for each in valid]
        print_json({"valid": told, "faults": fault_records(faults)})
    elif not quiet:
        for each in valid:
            print(t("cli.valid", name=each.name, label=each.label, count=len(each.interventions)))
    if faults and not as_json:
        sys.stdout.flush()
        tell(faults, as_json=False)
    return FAULTY if faults else OK


def _scenarios(
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    from simulator.explain import library_table, overlays_table

    table, laid_over = library_table(), overlays_table()
    if as_json:
        print_json({"rows": table.records(), "overlays": laid_over.records()})
    elif quiet:
        print("\n".join(str(row["name"]) for row in table.rows))
    else:
        show(table)
        print()
        show(laid_over)


def _explain(
    words: Annotated[list[str] | None, names_of("topic")] = None,
    draws: Annotated[str, option("--draws", "level_draws")] = "1",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
    as_markdown: Annotated[bool, flag("--markdown", "markdown")] = False,
) -> None:
    if not words:
        raise count_fault("explain", (), ", ".join(TOPICS))
    topic, *names = words
    if topic not in TOPICS:
        raise bad_option("explain", topic, ", ".join(TOPICS), did_you_mean(topic, TOPICS))
    if topic not in ("scenario", "parameters", "lines") and names:
        raise count_fault(f"explain {topic}", names, t("cli.allowed.no_more"))
    full = as_json or as_markdown
    n_draws = whole("--draws", draws, 1, LARGEST_COUNT)
    tables = _explanation(topic, names, n_draws, threads, quiet=quiet or full, full=full)
    if as_json:
        print_json({key: table.records() for key, table in tables.items()})
    elif as_markdown:
        for table in tables.values():
            print("\n".join(table.markdown()))
    else:
        for number, table in enumerate(tables.values()):
            if number:
                print()
            show(table)


def _explanation(
    topic: str, names: list[str], draws: int, threads: str | None, *, quiet: bool, full: bool
) -> dict[str, Table]:
    """Return the tables of one topic by the keys under which a program finds them."""
    from simulator import explain

    if topic == "scenario":
        name = one_name(names, "explain scenario", t("cli.allowed.one_scenario"))
        return explain.scenario_tables(load_scenarios([name], None)[0])
    if topic == "parameters":
        return {"parameters": explain.parameters_table(names)}
    if topic in MONEY_TOPICS:
        from simulator import explain_money

        return explain_money.tables(topic, names, full=full)
    if topic != "levels":
        return {topic: getattr(explain, f"{topic}_table")()}

    import simulator
    from simulator.outcomes.levels import READ
    from simulator.report import levels_table

    n_threads = None if threads is None else whole("--threads", threads, 1, 1024)
    with progress_bar(quiet=quiet) as progress:
        dataset = simulator.compare(
            load_scenarios(["baseline"], None),
            draws=draws,
            threads=n_threads,
            progress=progress,
            variables=READ,
        )
    return {"levels": levels_table(dataset)}


def _diff(
    names: Annotated[list[str] | None, names_of("two")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    if len(names or ()) != 2:
        raise count_fault("diff", names or (), t("cli.allowed.exactly_two"))
    from simulator.explain_money import difference_table

    one, other = (load_scenarios([name], None)[0] for name in names or ())
    table = difference_table(one, other)
    if as_json:
        print_json({"first": one.name, "second": other.name, "rows": table.records()})
    elif quiet:
        print(len(table.rows))
    else:
        show(table)


def _new(
    names: Annotated[list[str] | None, names_of("name")] = None,
    base: Annotated[str, option("--from", "base")] = "baseline",
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
) -> None:
    name = one_name(names or (), "new", t("cli.allowed.one_name"))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", name.removesuffix(".yaml")):
        raise bad_option("new", name, t("cli.allowed.plain_name"), t("cli.do.plain_name"))
    from scenarios.editor import beginning
    from scenarios.files import library

    beside = Path(base).is_file() and Path(base).resolve().parent == Path.cwd()
    if base not in library() and not beside:
        allowed = t("cli.allowed.base", names=listed(tuple(library()), t("scenario.library")))
        raise bad_option("--from", base, allowed, did_you_mean(base, tuple(library())))
    path = Path(f"{name.removesuffix('.yaml')}.yaml")
    _write_text(
        path,
        beginning(path.stem, Path(base).name if beside else base, load_scenarios([base], None)[0]),
        "new",
    )
    print(path if quiet else t("cli.written", path=path))


def _schema(
    out: Annotated[str | None, option("--out", "file")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
) -> None:
    import json

    from scenarios.editor import json_schema

    text = json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"
    if out is None:
        print(text, end="")
    else:
        _write_text(Path(out), text, "--out")
        print(out if quiet else t("cli.written", path=out))


def _write_text(path: Path, text: str, option: str) -> None:
    """Write a new file; one that is there stays as it is."""
    if os.path.lexists(path):
        raise bad_option(option, str(path), t("cli.allowed.new_path"), t("cli.do.new_path"))
    check_writable(path)
    path.write_text(text, encoding="utf-8", newline="\n")


def _budget(
    words: Annotated[list[str] | None, names_of("budget")] = None,
    base: Annotated[str, option("--from", "sheet_of")] = "baseline",
    out: Annotated[str | None, option("--out", "file")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
) -> None:
    """Write a spreadsheet to fill in, or read one into a scenario file."""
    action, *files = words or ("",)
    if action not in ACTIONS:
        raise bad_option("budget", action, ", ".join(ACTIONS), did_you_mean(action, ACTIONS))
    if out is None:
        raise bad_option("--out", "", t("cli.allowed.value"), t("cli.do.help", command=f"{PROGRAM} budget"))
    path = Path(out)
    if os.path.lexists(path):
        raise bad_option("--out", out, t("cli.allowed.new_path"), t("cli.do.new_path"))
    if action == "template":
        if files:
            raise count_fault("budget template", files, t("cli.allowed.no_more"))
        from scenarios.schema import own_data
        from scenarios.spreadsheet import write

        if path.suffix.lower() != ".xlsx":
            raise bad_option("--out", out, t("cli.allowed.suffix", suffix=".xlsx", format="xlsx"))
        check_writable(path)
        write(own_data(base), path)
    else:
        from scenarios.schema import from_document, yaml_text
        from scenarios.spreadsheet import read

        document = read(Path(one_name(files, "budget import", t("cli.allowed.one_sheet"))))
        from_document(document, path.stem, path.parent)
        _write_text(path, yaml_text(document.data), "--out")
    print(path if quiet else t("cli.written", path=path))


def _precision(
    names: Annotated[list[str] | None, names_of("scenario")] = None,
    *,
    width: Annotated[str, option("--width", "width")] = "0.1",
    seed: Annotated[str, option("--seed", "seed")] = "0",
    replicates: Annotated[str, option("--replicates", "pilot")] = "10",
    threads: Annotated[str | None, option("--threads", "threads")] = None,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> None:
    wanted = float(width) if re.fullmatch(r"[0-9]{0,3}\.?[0-9]{0,6}", width) and width.strip(".") else 0.0
    if not 0.0 < wanted <= 10.0:
        raise bad_option("--width", width, t("cli.allowed.width"))
    options: dict[str, Any] = {
        "seed": whole("--seed", seed, 0, LARGEST_SEED),
        "replicates": whole("--replicates", replicates, 2, LARGEST_COUNT),
        "threads": None if threads is None else whole("--threads", threads, 1, 1024),
    }
    scenario = load_scenarios([one_name(names or (), "precision", t("cli.allowed.one_scenario"))], None)[0]

    import simulator
    from simulator.report import precision_table

    with progress_bar(quiet=quiet or as_json) as progress:
        dataset = simulator.run(scenario, progress=progress, **options)
    table = precision_table(dataset, wanted)
    if as_json:
        print_json({"scenario": scenario.name, **options, "width": wanted, "rows": table.records()})
    else:
        show(table)


COMMANDS: Final[dict[str, Callable[..., int | None]]] = {
    "run": _run,
    "compare": _compare,
    "score": policy.score,
    "export": policy.export,
    "contributions": policy.contributions,
    "claims": policy.claims,
    "equal": policy.equal,
    "sweep": experiments.sweep,
    "sensitivity": analysis.sensitivity,
    "discover": analysis.discover,
    "robustness": analysis.robustness,
    "value-of-information": analysis.value_of_information,
    "optimise": optimise.optimise,
    "precision": _precision,
    "calibrate": calibration.calibrate,
    "validate": _validate,
    "validate-model": validation.validate_model,
    "scenarios": _scenarios,
    "explain": _explain,
    "diff": _diff,
    "new": _new,
    "schema": _schema,
    "budget": _budget,
    "reproduce": reproduce.reproduce,
    "app": _app,
}
"""Every command, in the order of the help."""


class _Words:
    """Help in the language in force: the library's own words are English only."""

    own_options: tuple[tuple[str, str], ...] = (("--lang es|en", "lang"),)
    options_metavar: str | None
    get_params: Callable[..., Any]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        names = [param.metavar for param in self.get_params(ctx) if param.param_type_name == "argument"]
        metavars = (self.options_metavar, *names, getattr(self, "subcommand_metavar", None))
        pieces = " ".join(metavar for metavar in metavars if metavar)
        formatter.write_usage(ctx.command_path, pieces, prefix=t("cli.heading.usage"))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            if "--help" in param.opts:
                record = ("--help, -h", t("cli.option.help"))
            elif param.param_type_name == "argument":
                record = (param.metavar, param.help)
            else:
                record = param.get_help_record(ctx)
            rows[param.param_type_name].append(record)
        # These two are taken from the line before the library sees it.
        rows["option"] += [(name, t(f"cli.option.{key}")) for name, key in self.own_options]
        for heading, records in (("arguments", rows["argument"]), ("options", rows["option"])):
            if records:
                with formatter.section(t(f"cli.heading.{heading}")):
                    formatter.write_dl(records)


class _Command(_Words, TyperCommand):
    pass


class _Group(_Words, TyperGroup):
    own_options = (*_Words.own_options, ("--version", "version"))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        with formatter.section(t("cli.heading.commands")):
            formatter.write_dl([(name, t(f"cli.command.{name}")) for name in COMMANDS])
        super().format_options(ctx, formatter)


def build_app() -> typer.Typer:
    """Return the application with all help in the language in force."""
    help_names = {"help_option_names": ["--help", "-h"], "max_content_width": 110}
    app = typer.Typer(
        name=PROGRAM,
        cls=_Group,
        help=t("cli.about"),
        epilog=t("cli.epilog"),
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=help_names,
        options_metavar=t("cli.metavar.options"),
        subcommand_metavar=t("cli.metavar.command"),
    )
    app.callback()(lambda: None)
    for name, function in COMMANDS.items():
        app.command(
            name,
            cls=_Command,
            help=t(f"cli.command.{name}"),
            options_metavar=t("cli.metavar.options"),
            context_settings=help_names,
        )(function)
    return app


if __name__ == "__main__":
    sys.exit(main())
