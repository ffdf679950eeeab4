"""From an experiment file to an experiment: every fault, with its line and its remedy."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, Final

from scenarios.files import SUFFIXES, is_there, library, open_document
from scenarios.levers import levers
from scenarios.schema import Intervention, Scenario, load_scenario
from scenarios.shape import (
    ADMITS,
    LARGEST_MONEY_MULTIPLIER,
    LONGEST_RAMP,
    PLACE_FORMS,
    PLACES_LEVER,
)
from simulator.documents import Document, Place, shown, text_of
from simulator.engine.states import AREAS, LAST_MONTH, REPORT_FROM, month_index, month_name
from simulator.evidence import load_ledger
from simulator.experiments.structures import load_structures, structure_groups
from simulator.experiments.sweep.experiment import (
    AREAS_OF_RESULT,
    DISTRIBUTIONS,
    LEDGER,
    SAMPLERS,
    SCHEMA_VERSION,
    Distribution,
    Experiment,
    Factor,
    Reading,
    Sampler,
)
from simulator.experiments.sweep.outputs import DEFAULT, names_of
from simulator.faults import Fault, FaultyInput, did_you_mean, listed
from simulator.texts import t

MOST_DRAWS: Final = 1_000_000
MOST_RUNS: Final = 10_000_000
LARGEST_SEED: Final = 2**63 - 1
MOST_LEVELS: Final = 64
MOST_STEPS: Final = 1000

KEYS: Final = (
    *("schema", "label", "scenarios", "until", "seed", "replicates", "batch", "sampler"),
    *("structures", "parameters", "levers", "money", "groups", "outputs"),
)
LEVER_KEYS: Final = (
    *("name", "use", "scenarios", "where", "start", "end", "ramp_months", "amount", "admits", "forms"),
)
MONEY_KEYS: Final = ("name", "line", "programme", "scenarios", "multiply")
COUNTS: Final = {"uniform": 2, "loguniform": 2, "triangular": 3, "logtriangular": 3}
"""How many numbers a distribution has; ``values`` has any number of them."""

UNSETTABLE: Final = "population."
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def load_experiment(source: str | PathLike[str] | Mapping[str, Any] | Experiment) -> Experiment:
    """Return the experiment of a file, or of plain data of the same shape.

    Raises
    ------
    FaultyInput
        With every fault, each with its line.
    """
    if isinstance(source, Experiment):
        return source
    if isinstance(source, Mapping):
        return _Checker(Document(name="experiment", data=dict(source)), Path()).experiment("experiment")
    path = Path(source)
    if not is_there(path):
        where = shown(str(source), 200)
        found, allowed, do = t("sweep.found.no_file"), t("sweep.allowed.experiment"), t("sweep.do.experiment")
        raise FaultyInput([Fault(where, found, allowed, do)])
    return _Checker(open_document(path), path.parent).experiment(shown(path.stem, 80))


class _Checker:
    """Reads one document and gathers its faults; a value that is refused reads as ``None``."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document, self.folder = document, folder
        self.ledger = load_ledger()
        self.found: list[tuple[int, Fault]] = [(_line(fault), fault) for fault in document.faults]

    def experiment(self, name: str) -> Experiment:
        """Return the experiment, or raise with all its faults."""
        data = self._group((), self.document.data, KEYS, ("schema", "scenarios", "sampler"))
        self._schema(data)
        self._label(data)
        scenarios = self._scenarios(data)
        sampler = self._sampler(data)
        until = self._month(("until",), data["until"]) if "until" in data else None
        seed = self._whole(("seed",), data.get("seed", 0), 0, LARGEST_SEED)
        replicates = self._whole(("replicates",), data.get("replicates", 1), 1, MOST_DRAWS)
        batch = self._whole(("batch",), data.get("batch"), 1, MOST_DRAWS) if "batch" in data else None
        factors = [
            *self._structures(data, scenarios, sampler),
            *self._parameters(data, scenarios, sampler),
            *self._listed("levers", data, lambda path, row: self._lever(path, row, scenarios)),
            *self._listed("money", data, lambda path, row: self._money(path, row, scenarios)),
        ]
        self._names(factors, data)
        factors = self._grouped(data, factors)
        keep, by = self._outputs(data)
        if not self.found:
            self._fit(data, sampler, factors, replicates or 1, len(scenarios))
        if self.found or sampler is None:
            self.found.sort(key=lambda row: row[0])
            raise FaultyInput(list(dict.fromkeys(fault for _, fault in self.found)))
        last = max(scenario.until_ti for scenario in scenarios) if until is None else until
        return Experiment(
            name=name,
            scenarios=tuple(scenarios),
            factors=tuple(factors),
            sampler=sampler,
            replicates=replicates or 1,
            seed=seed or 0,
            until=last,
            keep=keep,
            by=by,
            batch=batch,
        )

    # -- what a value may be ---------------------------------------------------------------------------

    def _refuse(
        self,
        path: Place,
        value: object,
        key: str,
        *,
        found: str | None = None,
        do: str | None = None,
        **limits: object,
    ) -> None:
        fault = Fault(
            where=self.document.where(path),
            found=found or self.document.found(path, value),
            allowed=t(f"sweep.allowed.{key}", None, **limits),
            do=do or t(f"sweep.do.{key}", None, **limits),
        )
        self.found.append((self.document.line(path) or 0, fault))

    def _group(
        self, path: Place, value: object, keys: Sequence[str], needed: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return a mapping of known keys; unknown and missing ones are told."""
        if not isinstance(value, dict):
            self._refuse(path, value, "group", keys=", ".join(keys))
            return {}
        for key in value:
            if key not in keys:
                found = t("scenario.found.unknown_key", key=shown(str(key)))
                self._refuse(
                    (*path, str(key)),
                    None,
                    "one_of",
                    found=found,
                    do=did_you_mean(key, keys),
                    names=", ".join(keys),
                )
        for key in needed:
            if key not in value:
                found, do = t("scenario.found.missing"), t("scenario.do.missing", key=key)
                self._refuse((*path, key), None, "needed", found=found, do=do, name=key)
        return {key: item for key, item in value.items() if key in keys}

    def _word(self, path: Place, value: object, names: Sequence[str], elsewhere: str = "") -> str | None:
        if isinstance(value, str) and value in names:
            return value
        near = did_you_mean(str(value), tuple(names))
        told = listed(tuple(names), elsewhere) if names else t("sweep.nothing")
        self._refuse(path, value, "one_of", do=near, names=told)
        return None

    def _whole(self, path: Place, value: object, low: int, high: int) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._refuse(path, value, "whole", low=low, high=f"{high:,}")
        return None

    def _number(self, path: Place, value: object, low: float, high: float) -> float | None:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and math.isfinite(float(value)) and low <= float(value) <= high:  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
        self._refuse(path, value, "number", low=f"{low:g}", high=f"{high:g}")
        return None

    def _month(self, path: Place, value: object) -> int | None:
        try:
            ti = month_index(value) if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}", value) else -1
        except ValueError:
            ti = -1
        if REPORT_FROM <= ti <= LAST_MONTH:
            return ti
        self._refuse(path, value, "month", first=month_name(REPORT_FROM), last=month_name(LAST_MONTH))
        return None

    def _own_name(self, path: Place, value: object) -> str | None:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        self._refuse(path, value, "own_name")
        return None

    # -- the parts of the file -------------------------------------------------------------------------

    def _schema(self, data: Mapping[str, Any]) -> None:
        if "schema" in data and (isinstance(data["schema"], bool) or data["schema"] != SCHEMA_VERSION):
            self._refuse(("schema",), data["schema"], "schema")

    def _label(self, data: Mapping[str, Any]) -> None:
        if "label" in data:
            label = self._group(("label",), data["label"], ("es", "en"), ("es", "en"))
            for lang, text in label.items():
                if not isinstance(text, str) or not text.strip():
                    self._refuse(("label", lang), text, "sentence")

    def _scenarios(self, data: Mapping[str, Any]) -> list[Scenario]:
        names = data.get("scenarios")
        if "scenarios" not in data:
            return []
        if not isinstance(names, list) or not names:
            self._refuse(("scenarios",), names, "scenarios")
            return []
        out: list[Scenario] = []
        for k, name in enumerate(names):
            scenario = self._scenario(("scenarios", k), name)
            if scenario is not None and scenario.name in [other.name for other in out]:
                found = t("cli.found.same_name", name=scenario.name)
                self._refuse(("scenarios", k), name, "own_scenario", found=found)
            elif scenario is not None:
                out.append(scenario)
        return out

    def _scenario(self, path: Place, name: object) -> Scenario | None:
        if not isinstance(name, str) or not name or re.search(r"[\\/:\x00]", name):
            self._refuse(path, name, "scenario", names=listed(tuple(library()), t("scenario.library")))
            return None
        first, plus, over = name.partition("+")
        asked = name
        if first not in library():
            beside = [first, *(f"{first}{suffix}" for suffix in SUFFIXES)]
            files = [self.folder / file for file in beside if file.endswith(SUFFIXES)]
            there = next((file for file in files if is_there(file)), None)
            if there is None:
                near = get_close_matches(first, tuple(library()), n=1, cutoff=0.6)
                self._refuse(
                    path,
                    name,
                    "scenario",
                    found=t("scenario.found.no_base", name=shown(name)),
                    do=t("fault.did_you_mean", name=near[0]) if near else None,
                    names=listed(tuple(library()), t("scenario.library")),
                )
                return None
            asked = f"{there}{plus}{over}"
        try:
            return load_scenario(asked)
        except FaultyInput as error:
            here = self.document.where(path)
            for fault in error.faults:
                told = Fault(f"{here}: {fault.where}", fault.found, fault.allowed, fault.do)
                self.found.append((self.document.line(path) or 0, told))
            return None

    def _sampler(self, data: Mapping[str, Any]) -> Sampler | None:
        if "sampler" not in data:
            return None
        path: Place = ("sampler",)
        given = data["sampler"]
        keys: tuple[str, ...] = ("use", "draws", "base", "trajectories", "levels", "steps", "file")
        if isinstance(given, dict) and given.get("use") in SAMPLERS:
            keys = ("use", *SAMPLERS[given["use"]])
        group = self._group(path, given, keys, ("use",))
        if "use" not in group:
            return None
        use = self._word((*path, "use"), group["use"], tuple(SAMPLERS))
        if use is None:
            return None
        size_key = SAMPLERS[use][0]
        has_file = use == "posterior" and "file" in group
        table = self._posterior((*path, "file"), group["file"]) if has_file else None
        size: int | None = MOST_STEPS
        if use == "grid" and "steps" not in group:
            size = 0
        elif has_file and "draws" not in group:
            size = len(table[1]) if table else None
        elif size_key not in group:
            found, do = t("scenario.found.missing"), t("scenario.do.missing", key=size_key)
            self._refuse((*path, size_key), None, "needed", found=found, do=do, name=size_key)
        else:
            most = MOST_STEPS if use == "grid" else MOST_DRAWS
            size = self._whole(
                (*path, size_key), group[size_key], 2 if use in ("grid", "morris") else 1, most
            )
        if size and use in ("sobol", "saltelli") and size & (size - 1):
            self._refuse((*path, size_key), size, "power", near=1 << round(math.log2(size)))
        if size and table and size > len(table[1]):
            self._refuse((*path, "draws"), size, "whole", low=1, high=f"{len(table[1]):,}")
        levels = 4
        if "levels" in group:
            levels = self._whole((*path, "levels"), group["levels"], 2, MOST_LEVELS) or 4
            if levels % 2:
                self._refuse((*path, "levels"), levels, "even")
        return None if size is None else Sampler(use, size, levels, table)

    def _posterior(
        self, path: Place, file: object
    ) -> tuple[tuple[str, ...], tuple[tuple[float, ...], ...]] | None:
        """Return the parameter sets of a file: a column for each parameter, a row for each set."""
        if (
            not isinstance(file, str)
            or not file
            or re.search(r"[\\:\x00]|\.\.", file)
            or file.startswith("/")
        ):
            self._refuse(path, file, "posterior")
            return None
        try:
            lines = list(csv.reader(text_of(self.folder / file, file).splitlines()))
        except FaultyInput as error:
            self.found.extend((self.document.line(path) or 0, fault) for fault in error.faults)
            return None
        names, rows = (lines[0] if lines else []), lines[1:]
        known = self._settable()
        for name in names:
            if name not in known:
                found = t("scenario.found.unknown_parameter", key=shown(name))
                near = did_you_mean(name, known)
                self.found.append(
                    (
                        self.document.line(path) or 0,
                        Fault(f"{file}:1", found, t("sweep.allowed.posterior"), near),
                    )
                )
        sets: list[tuple[float, ...]] = []
        for number, row in enumerate(rows, start=2):
            try:
                values = tuple(float(text) for text in row)
            except ValueError:
                values = ()
            if len(values) != len(names) or not all(math.isfinite(value) for value in values):
                where = f"{file}:{number}"
                found = t("scenario.found.line", value=shown(",".join(row)))
                told = Fault(where, found, t("sweep.allowed.posterior_row"), t("sweep.do.posterior"))
                self.found.append((self.document.line(path) or 0, told))
                break
            sets.append(values)
        if not names or not sets:
            self._refuse(path, file, "posterior")
            return None
        return tuple(names), tuple(sets)

    def _settable(self) -> tuple[str, ...]:
        return tuple(name for name in self.ledger.parameters if not name.startswith(UNSETTABLE))

    def _structures(
        self, data: Mapping[str, Any], scenarios: Sequence[Scenario], sampler: Sampler | None
    ) -> list[Factor]:
        """Return a factor for each question that the experiment leaves to rival structures."""
        given = data.get("structures")
        if "structures" not in data:
            return []
        if sampler is not None and sampler.use in ("prior", "posterior"):
            self._refuse(("structures",), given, "of_sampler", sampler=sampler.use, name="structures")
            return []
        if not isinstance(given, list) or not given:
            self._refuse(("structures",), given, "structures", names=", ".join(structure_groups()))
            return []
        known, rivals = structure_groups(), load_structures()
        out: list[Factor] = []
        names = tuple(scenario.name for scenario in scenarios)
        for k, asked in enumerate(given):
            path: Place = ("structures", k)
            group = self._word(path, asked, tuple(known))
            if group is None:
                continue
            if group in [factor.name for factor in out]:
                self._refuse(path, asked, "own_factor", found=t("sweep.found.same_factor", name=group))
                continue
            readings = tuple(Reading(n, tuple(sorted(rivals[n].ranges.items()))) for n in known[group])
            narrowed = {name for one in readings for name, _ in one.ranges}
            self._only_narrowed(path, data, scenarios, narrowed)
            numbers = Distribution("values", tuple(float(i) for i in range(len(readings))))
            out.append(Factor(group, "structure", numbers, names, group, readings=readings))
        return out

    def _only_narrowed(
        self, path: Place, data: Mapping[str, Any], scenarios: Sequence[Scenario], narrowed: set[str]
    ) -> None:
        """Refuse a structure where a scenario or the experiment gives its parameters something else."""
        own = data.get("parameters")
        varied = {name for name, told in own.items() if told != LEDGER} if isinstance(own, dict) else set()
        set_by = {name for scenario in scenarios for name in scenario.parameters}
        for name in sorted(narrowed & (varied | set_by)):
            found = t("sweep.found.narrowed", name=name)
            self._refuse(path, None, "narrowed", found=found)

    def _parameters(
        self, data: Mapping[str, Any], scenarios: Sequence[Scenario], sampler: Sampler | None
    ) -> list[Factor]:
        given = data.get("parameters")
        names = [scenario.name for scenario in scenarios]
        if sampler is not None and sampler.use in ("prior", "posterior"):
            if "parameters" in data:
                self._refuse(("parameters",), given, "of_sampler", sampler=sampler.use, name="parameters")
            varying = self._varying() if sampler.table is None else sampler.table[0]
            return [Factor(n, "parameter", Distribution(LEDGER), tuple(names), n) for n in varying]
        if "parameters" not in data:
            return []
        if given == LEDGER:
            return [Factor(n, "parameter", Distribution(LEDGER), tuple(names), n) for n in self._varying()]
        if not isinstance(given, dict) or not given:
            self._refuse(("parameters",), given, "parameters")
            return []
        out = []
        for name, told in given.items():
            path: Place = ("parameters", name)
            row = self.ledger.parameters.get(name)
            if row is None:
                found = t("scenario.found.unknown_parameter", key=shown(name))
                near = get_close_matches(name, self._settable(), n=1, cutoff=0.6)
                do = t("fault.did_you_mean", name=near[0]) if near else None
                self._refuse(path, told, "known", found=found, do=do)
                continue
            if name not in self._settable():
                self._refuse(path, told, "settable")
                continue
            setting = [s.name for s in scenarios if name in s.parameters]
            if setting:
                found = t("sweep.found.set", scenarios=", ".join(setting))
                self._refuse(path, told, "unset", found=found)
            if told == LEDGER and (row.distribution == "fixed" or row.low == row.high):
                self._refuse(path, told, "varying")
                continue
            distribution = self._distribution(path, told, row.low, row.high, ledger=True)
            if distribution is not None:
                out.append(Factor(name, "parameter", distribution, tuple(names), name))
        return out

    def _varying(self) -> tuple[str, ...]:
        rows = self.ledger.parameters
        return tuple(
            n for n in self._settable() if rows[n].distribution != "fixed" and rows[n].low < rows[n].high
        )

    def _distribution(
        self, path: Place, value: object, low: float, high: float, *, ledger: bool = False
    ) -> Distribution | None:
        if ledger and value == LEDGER:
            return Distribution(LEDGER)
        if not isinstance(value, dict) or len(value) != 1:
            self._refuse(path, value, "distribution", names=", ".join(DISTRIBUTIONS))
            return None
        kind, told = next(iter(value.items()))
        if self._word((*path, kind), kind, DISTRIBUTIONS) is None:
            return None
        values = self._numbers((*path, kind), kind, told, low, high)
        return None if values is None else Distribution(kind, values)

    def _numbers(
        self, path: Place, kind: str, told: object, low: float, high: float
    ) -> tuple[float, ...] | None:
        """Return the numbers of a distribution: as many as it has, in range and in order."""
        count = COUNTS.get(kind)
        if not isinstance(told, list) or not told or (count is not None and len(told) != count):
            self._refuse(path, told, kind)
            return None
        numbers = [self._number((*path, k), number, low, high) for k, number in enumerate(told)]
        values = tuple(number for number in numbers if number is not None)
        if len(values) < len(told):
            return None
        repeated = len(set(values)) < len(values)
        unordered = kind in COUNTS and (values[0] >= values[-1] or sorted(values) != list(values))
        if unordered or (kind == "values" and repeated):
            self._refuse(path, told, kind)
            return None
        if kind.startswith("log") and values[0] <= 0.0:
            self._refuse((*path, 0), told[0], "above_zero")
            return None
        return values

    def _listed(
        self, key: str, data: Mapping[str, Any], read: Callable[[Place, Any], Factor | None]
    ) -> list[Factor]:
        if key not in data:
            return []
        rows = data[key]
        if not isinstance(rows, list) or not rows:
            self._refuse((key,), rows, "factors")
            return []
        found = [read((key, k), row) for k, row in enumerate(rows)]
        return [factor for factor in found if factor is not None]

    def _acting(self, path: Place, row: Mapping[str, Any], scenarios: Sequence[Scenario]) -> tuple[str, ...]:
        """Return in which scenarios a factor acts: those named, else all but the comparator."""
        names = tuple(scenario.name for scenario in scenarios)
        if "scenarios" not in row:
            return names[1:] or names
        given = row["scenarios"]
        if not isinstance(given, list) or not given:
            self._refuse((*path, "scenarios"), given, "acting", names=", ".join(names))
            return ()
        # One that is named above but has faults is told there.
        faulty = [name for name in self._asked("scenarios") if name not in names]
        told = [
            self._word((*path, "scenarios", k), name, names)
            for k, name in enumerate(given)
            if name not in faulty
        ]
        return tuple(name for name in told if name is not None)

    def _asked(self, key: str) -> list[Any]:
        """Return the elements that stand in a list of the file, faulty ones too."""
        rows = self.document.data.get(key)
        return rows if isinstance(rows, list) else []

    def _lever(self, path: Place, row: object, scenarios: Sequence[Scenario]) -> Factor | None:
        before = len(self.found)
        given = self._group(path, row, LEVER_KEYS, ("use", "start", "amount"))
        known = levers()
        use = None
        if "use" in given:
            use = self._word((*path, "use"), given["use"], tuple(known), "docs/scenario-files.md")
        name = self._own_name((*path, "name"), given["name"]) if "name" in given else use
        start = self._month((*path, "start"), given["start"]) if "start" in given else None
        end = self._month((*path, "end"), given["end"]) if "end" in given else None
        if start is not None and end is not None and end < start:
            self._refuse((*path, "end"), given["end"], "after", month=month_name(start))
        ramp = self._whole((*path, "ramp_months"), given.get("ramp_months", 0), 0, LONGEST_RAMP)
        acting = self._acting(path, given, scenarios)
        territories: tuple[int, ...] = ()
        area: int | None = None
        if "where" in given:
            territories, area = self._where((*path, "where"), given["where"], use)
        whom = self._whom(path, given, use)
        distribution = None
        if use is not None and "amount" in given:
            lever = known[use]
            distribution = self._distribution(
                (*path, "amount"), given["amount"], lever.minimum, lever.maximum
            )
        if len(self.found) > before or use is None or name is None or start is None or distribution is None:
            return None
        intervention = Intervention(
            use=use,
            amount=0.0,
            start_ti=start,
            end_ti=end,
            ramp_months=ramp or 0,
            territories=territories,
            area=area,
            admits=whom[0],
            forms=whom[1],
        )
        return Factor(name, "lever", distribution, acting, name, intervention)

    def _where(self, path: Place, where: object, use: str | None) -> tuple[tuple[int, ...], int | None]:
        keys = ("territory",) if use == PLACES_LEVER else ("territory", "area")
        given = self._group(path, where, keys)
        codes = tuple(self.ledger.territories.codes)
        territories: list[int] = []
        if "territory" in given:
            told = given["territory"]
            if not isinstance(told, list) or not told:
                self._refuse((*path, "territory"), told, "territories")
            else:
                for k, code in enumerate(told):
                    if isinstance(code, str) and code in codes:
                        territories.append(codes.index(code))
                    else:
                        self._refuse((*path, "territory", k), code, "territory")
                if len(set(territories)) < len(territories):
                    self._refuse((*path, "territory"), told, "territories")
        area = self._word((*path, "area"), given["area"], AREAS) if "area" in given else None
        return tuple(sorted(territories)), None if area is None else AREAS.index(area)

    def _whom(self, path: Place, given: Mapping[str, Any], use: str | None) -> tuple[str, str]:
        out = []
        for key, names in (("admits", ADMITS), ("forms", PLACE_FORMS)):
            word: str | None = "all"
            if key in given and use is not None and use != PLACES_LEVER:
                self._refuse((*path, key), given[key], "only_places")
            elif key in given:
                word = self._word((*path, key), given[key], names)
            elif use == PLACES_LEVER:
                found, do = t("scenario.found.missing"), t("scenario.do.missing", key=key)
                self._refuse((*path, key), None, "one_of", found=found, do=do, names=", ".join(names))
            out.append(word or "all")
        return out[0], out[1]

    def _money(self, path: Place, row: object, scenarios: Sequence[Scenario]) -> Factor | None:
        before = len(self.found)
        given = self._group(path, row, MONEY_KEYS, ("line", "multiply"))
        acting = self._acting(path, given, scenarios)
        programmes = [p for s in scenarios if s.name in acting for p in s.programmes]
        programme = None
        if "programme" in given:
            named = tuple(dict.fromkeys(p.name for p in programmes))
            programme = self._word((*path, "programme"), given["programme"], named)
            programmes = [p for p in programmes if p.name == programme]
        paid = tuple(dict.fromkeys(n for p in programmes for g in p.budget for n, _ in g.lines))
        line = None
        # Whether a line is paid for is known only where every scenario is.
        known = bool(scenarios) and len(scenarios) == len(self._asked("scenarios"))
        if "line" in given and known and len(self.found) == before:
            line = self._word((*path, "line"), given["line"], paid)
        name = None if line is None else f"money.{line}"
        if "name" in given:
            name = self._own_name((*path, "name"), given["name"])
        distribution = None
        if "multiply" in given:
            here: Place = (*path, "multiply")
            distribution = self._distribution(here, given["multiply"], 0.0, LARGEST_MONEY_MULTIPLIER)
        if len(self.found) > before or line is None or name is None or distribution is None:
            return None
        return Factor(name, "money", distribution, acting, name, None, line, programme)

    def _names(self, factors: Sequence[Factor], data: Mapping[str, Any]) -> None:
        """Refuse a name that two factors have: levers and money are told by the place of the second one."""
        seen: set[str] = set()
        for factor in factors:
            if factor.name in seen:
                key = "levers" if factor.kind == "lever" else "money"
                rows = data[key]
                tell = "use" if key == "levers" else "line"
                same = [
                    k
                    for k, row in enumerate(rows)
                    if factor.name in (row.get("name"), row.get(tell), f"money.{row.get(tell)}")
                ]
                found = t("sweep.found.same_factor", name=factor.name)
                self._refuse((key, same[-1]), None, "own_factor", found=found)
            seen.add(factor.name)

    def _grouped(self, data: Mapping[str, Any], factors: list[Factor]) -> list[Factor]:
        if "groups" not in data:
            return factors
        groups = data["groups"]
        if not isinstance(groups, dict) or not groups:
            self._refuse(("groups",), groups, "groups")
            return factors
        names = tuple(factor.name for factor in factors)
        rows = [row for key in ("levers", "money") for row in self._asked(key) if isinstance(row, dict)]
        parameters = data.get("parameters")
        asked = {str(row.get(key)) for row in rows for key in ("name", "use")}
        asked |= {str(name) for name in parameters} if isinstance(parameters, dict) else set()
        asked |= {str(name) for name in self._asked("structures")}
        # One that is asked for above but has faults is told there.
        faulty = asked - set(names)
        belongs: dict[str, str] = {}
        for group, members in groups.items():
            path: Place = ("groups", group)
            self._own_name(path, group)
            if not isinstance(members, list) or not members:
                self._refuse(path, members, "members")
                continue
            for k, member in enumerate(members):
                if isinstance(member, str) and member in faulty:
                    continue
                if self._word((*path, k), member, names, t("sweep.elsewhere")) is None:
                    continue
                if member in belongs:
                    found = t("sweep.found.two_groups", name=member, group=belongs[member])
                    self._refuse((*path, k), member, "one_group", found=found)
                belongs[member] = group
        return [
            Factor(**{**vars(factor), "group": belongs.get(factor.name, factor.name)}) for factor in factors
        ]

    def _outputs(self, data: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
        if "outputs" not in data:
            return DEFAULT, "country"
        given = self._group(("outputs",), data["outputs"], ("keep", "by"))
        by = self._word(("outputs", "by"), given["by"], AREAS_OF_RESULT) if "by" in given else "country"
        by = by or "country"
        allowed = names_of(by)
        if "keep" not in given:
            return tuple(name for name in DEFAULT if name in allowed), by
        keep = given["keep"]
        if not isinstance(keep, list) or not keep:
            self._refuse(("outputs", "keep"), keep, "keep")
            return DEFAULT, by
        told = []
        for k, name in enumerate(keep):
            path: Place = ("outputs", "keep", k)
            if name in names_of("country") and name not in allowed:
                self._refuse(path, name, "of_country", by=by)
            elif name in told:
                self._refuse(path, name, "keep", found=t("sweep.found.twice", name=shown(str(name))))
            else:
                told.append(self._word(path, name, allowed, "docs/experiments.md"))
        return tuple(name for name in told if name is not None), by

    def _fit(
        self,
        data: Mapping[str, Any],
        sampler: Sampler | None,
        factors: Sequence[Factor],
        replicates: int,
        scenarios: int,
    ) -> None:
        """Refuse a sampler that does not fit its factors, and more runs than can be meant."""
        if sampler is None:
            return
        if not factors:
            self._refuse(("sampler",), data["sampler"], "something", found=t("sweep.found.no_factor"))
            return
        if sampler.use == "grid" and not sampler.size:
            smooth = [factor.name for factor in factors if factor.distribution.kind != "values"]
            if smooth:
                found = t("sweep.found.no_steps", names=listed(smooth, t("sweep.elsewhere")))
                self._refuse(("sampler",), data["sampler"], "steps", found=found)
                return
        groups = len({factor.group for factor in factors})
        if sampler.use == "morris" and groups == 1:
            self._refuse(("sampler",), data["sampler"], "two_factors", found=t("sweep.found.one_factor"))
            return
        draws = draws_of(sampler, factors)
        if draws * replicates * scenarios > MOST_RUNS:
            found = t("sweep.found.runs", runs=f"{draws * replicates * scenarios:,}")
            self._refuse(("sampler",), data["sampler"], "runs", found=found, high=f"{MOST_RUNS:,}")


def draws_of(sampler: Sampler, factors: Sequence[Factor]) -> int:
    """Return how many rows the design of a sampler has."""
    groups = len({factor.group for factor in factors})
    if sampler.use == "saltelli":
        return sampler.size * (groups + 2)
    if sampler.use == "morris":
        return sampler.size * (groups + 1)
    if sampler.use == "grid":
        return math.prod(
            len(f.distribution.numbers) if f.distribution.kind == "values" else sampler.size for f in factors
        )
    return sampler.size


def _line(fault: Fault) -> int:
    number = re.search(r":([0-9]+)(?:  |$)", fault.where)
    return int(number[1]) if number else 0
