"""A scenario: how a file builds on its base, and the frozen result that a run reads.

A file is checked whole before anything is said, its bases too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from html import escape
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from scenarios.checking import check, fault_at, line_of
from scenarios.files import (
    LONGEST_NAME,
    SUFFIXES,
    base_path,
    identity,
    is_there,
    library,
    open_document,
    overlays,
)
from scenarios.levers import Bilingual
from scenarios.programme_checks import adjust_faults, claim_faults, merged_programmes
from scenarios.programmes import (
    Adapt,
    Claim,
    Grant,
    Outcome,
    Payers,
    Programme,
    Stop,
    Transition,
    UnitCost,
)
from scenarios.shape import (
    FIRST_YEAR,
    PLACES_LEVER,
    SCHEMA_VERSION,
    ContextPart,
    GrantPart,
    InterventionPart,
    ProgrammePart,
    RefusedError,
    ScenarioFile,
    ShockPart,
    TextPart,
    UnitCostPart,
)
from simulator.documents import Document, shown
from simulator.engine.states import AREAS, month_name
from simulator.evidence import load_ledger
from simulator.faults import Fault, FaultyInput, did_you_mean, listed
from simulator.texts import t

DEFAULT_UNTIL: Final = 12 * (2030 - 2012) + 11
"""December 2030, the end of the national policy."""


@dataclass(frozen=True)
class Context:
    """An assumption about the world that is not policy: a multiplier of a driver's trend.

    Attributes
    ----------
    use : str
        ``poverty``, ``background_load``, or a factor of the institutions that a rule works out.
    multiply : float
        What the trend is multiplied by.
    from_ti, to_ti : int
        First and last month, counted from January 2012; ``None`` = until the end.
    territories : tuple of int
        Indices 0..25; empty = the whole country.
    area : int or None
        0 urban, 1 rural, ``None`` both.
    """

    use: str
    multiply: float
    from_ti: int
    to_ti: int | None = None
    territories: tuple[int, ...] = ()
    area: int | None = None


@dataclass(frozen=True)
class Shock:
    """A shock that a scenario assumes: what it is, where, from when until when, and how strong.

    Attributes
    ----------
    use : str
        One of the ledger's shocks.
    level : float
        1 is the one of the record (``pandemic``: March 2020); added to what the record holds.
    from_ti, to_ti : int
        First and last month, counted from January 2012; ``None`` = until the end.
    territories : tuple of int
        Indices 0..25; empty = the whole country.
    """

    use: str
    level: float
    from_ti: int
    to_ti: int | None = None
    territories: tuple[int, ...] = ()


@dataclass(frozen=True)
class Intervention:
    """A policy lever at work somewhere, for some time.

    Attributes
    ----------
    use : str
        Name of the lever.
    amount : float
        Amount at full effect, in the lever's unit.
    start_ti : int
        First month, counted from January 2012.
    end_ti : int or None
        Last month of full effect; ``None`` = until the end.
    ramp_months : int
        Months of linear growth to full effect.
    territories : tuple of int
        Indices 0..25; empty = the whole country.
    area : int or None
        0 urban, 1 rural, ``None`` both.
    admits, forms : str
        Whom new places admit: ``girls``, ``boys`` or ``all``; ``sexual``, ``labour`` or ``all``.
    """

    use: str
    amount: float
    start_ti: int
    end_ti: int | None = None
    ramp_months: int = 0
    territories: tuple[int, ...] = ()
    area: int | None = None
    admits: str = "all"
    forms: str = "all"


@dataclass(frozen=True)
class Scenario:
    """A scenario complete with what it takes from its bases; nothing in it changes.

    Attributes
    ----------
    name : str
        The file's name without suffix.
    until_ti : int
        Last simulated month, counted from January 2012.
    parameters : dict
        Values that replace those of the ledger.
    without : tuple of str
        Programmes of the record that are left out, as if they had never been.
    evidence : tuple of str
        Findings, recommendations and sources that it rests on.
    claims : tuple of Claim
        What the model shows of it; of the file itself, not of its bases.
    bases : tuple of str
        Names of the bases, the nearest first.
    source : str
        The file as written.
    """

    name: str
    label: Bilingual
    question: Bilingual | None = None
    description: Bilingual | None = None
    assumptions: Bilingual | None = None
    until_ti: int = DEFAULT_UNTIL
    parameters: dict[str, float] = field(default_factory=dict, hash=False)
    context: tuple[Context, ...] = ()
    shocks: tuple[Shock, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    programmes: tuple[Programme, ...] = ()
    unit_costs: tuple[UnitCost, ...] = ()
    without: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    bases: tuple[str, ...] = ()
    source: str = field(default="", repr=False, compare=False)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of everything that changes results: not of names, labels, nor how the files are split."""
        tree = {
            "schema": SCHEMA_VERSION,
            "until": self.until_ti,
            "parameters": self.parameters,
            "context": [vars(part) for part in self.context],
            "shocks": [vars(part) for part in self.shocks],
            "interventions": [vars(part) for part in self.interventions],
            "programmes": [_tree(part) for part in self.programmes],
            "unit_costs": [vars(part) for part in self.unit_costs],
            "without": sorted(self.without),
        }
        canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return sha256(canonical.encode("ascii")).hexdigest()

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, name: str) -> Scenario:
        """Build a scenario from plain data of the shape of a file; its base is one of the library.

        Raises
        ------
        FaultyInput
            With every fault of the data.
        """
        document = Document(name=name, data=dict(data))
        return _assemble(name, _chain(document, folder=None, above=()))

    def to_mapping(self) -> dict[str, Any]:
        """Return the whole scenario, bases included, as plain data of the shape of a file."""
        out: dict[str, Any] = {"schema": SCHEMA_VERSION}
        for key in ("label", "question", "description", "assumptions"):
            text = getattr(self, key)
            if text is not None:
                out[key] = {"es": text.es, "en": text.en}
        if self.evidence:
            out["evidence"] = list(self.evidence)
        if self.claims:
            out["claims"] = [claim.to_mapping() for claim in self.claims]
        out["until"] = month_name(self.until_ti)
        if self.without:
            out["without"] = list(self.without)
        if self.parameters:
            out["parameters"] = dict(sorted(self.parameters.items()))
        if self.context:
            out["context"] = [_context_mapping(part) for part in self.context]
        if self.shocks:
            out["shocks"] = [_shock_mapping(part) for part in self.shocks]
        if self.interventions:
            out["interventions"] = [_intervention_mapping(part) for part in self.interventions]
        if self.programmes:
            codes = load_ledger().territories.codes
            out["programmes"] = [part.to_mapping(codes) for part in self.programmes]
        if self.unit_costs:
            out["unit_costs"] = [vars(part).copy() for part in self.unit_costs]
        return out

    def to_yaml(self) -> str:
        """Return the whole scenario, bases included, as the text of one file without a base."""
        return yaml_text(self.to_mapping())

    def _repr_html_(self) -> str:
        """Show itself in a notebook: what it asks and assumes, and the whole of it as a file."""
        told = [
            f"<p>{escape(str(text))}</p>" for text in (self.question, self.description) if text is not None
        ]
        whole = f"<details><summary>YAML</summary><pre>{escape(self.to_yaml())}</pre></details>"
        return f"<h4>{escape(str(self.label))} ({escape(self.name)})</h4>{''.join(told)}{whole}"


def yaml_text(data: Mapping[str, Any]) -> str:
    """Return plain data as the text of a file, keys in their order."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 4096
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None only
    writer.representer.ignore_aliases = lambda *_: True
    out = StringIO()
    writer.dump(dict(data), out)
    return out.getvalue()


def _tree(programme: Programme) -> dict[str, Any]:
    """Return everything of a programme that changes results, as plain data."""
    tree = asdict(programme)
    del tree["label"]
    if not programme.muted:
        del tree["muted"]
    return tree


def _context_mapping(part: Context) -> dict[str, Any]:
    out: dict[str, Any] = {"use": part.use, **_where_mapping(part), "from": month_name(part.from_ti)}
    if part.to_ti is not None:
        out["to"] = month_name(part.to_ti)
    return {**out, "multiply": part.multiply}


def _shock_mapping(part: Shock) -> dict[str, Any]:
    out: dict[str, Any] = {"use": part.use, **_where_mapping(part), "from": month_name(part.from_ti)}
    if part.to_ti is not None:
        out["to"] = month_name(part.to_ti)
    return {**out, "level": part.level}


def _intervention_mapping(part: Intervention) -> dict[str, Any]:
    out: dict[str, Any] = {"use": part.use, **_where_mapping(part), "start": month_name(part.start_ti)}
    if part.end_ti is not None:
        out["end"] = month_name(part.end_ti)
    out |= {"ramp_months": part.ramp_months, "amount": part.amount}
    if part.use == PLACES_LEVER:
        out |= {"admits": part.admits, "forms": part.forms}
    return out


def _where_mapping(part: Context | Shock | Intervention) -> dict[str, Any]:
    codes = load_ledger().territories.codes
    where: dict[str, Any] = {}
    if part.territories:
        where["territory"] = [codes[index] for index in part.territories]
    if not isinstance(part, Shock) and part.area is not None:
        where["area"] = AREAS[part.area]
    return {"where": where} if where else {}


def load_scenario(name_or_path: str | PathLike[str]) -> Scenario:
    """Return a scenario of the library by its name, or that of a file; ``A+pandemic`` adds an overlay.

    Raises
    ------
    FaultyInput
        With every fault of the file and of its bases, each with its line.
    """
    text = str(name_or_path)
    if "+" in text and not is_there(Path(text)):
        return _overlaid(text)
    path = library().get(str(name_or_path)) if isinstance(name_or_path, str) else None
    path = Path(name_or_path) if path is None else path
    if not is_there(path):
        raise FaultyInput([_missing(str(name_or_path))])
    name = shown(path.stem, LONGEST_NAME)
    return _assemble(name, _chain(open_document(path), folder=path.parent, above=(identity(path),)))


def from_document(document: Document, name: str, folder: Path) -> Scenario:
    """Return the scenario of a document that is no scenario file; its base may stand in ``folder``.

    Raises
    ------
    FaultyInput
        With every fault of the document and of its bases.
    """
    return _assemble(name, _chain(document, folder=folder, above=()))


def own_data(name_or_path: str) -> dict[str, Any]:
    """Return what one scenario file says itself, without its bases, once it is known to have no faults.

    Raises
    ------
    FaultyInput
        With every fault of the file and of its bases.
    """
    load_scenario(name_or_path)
    path = library().get(name_or_path, Path(name_or_path))
    data = open_document(path).data
    if name_or_path == "baseline":
        # Nothing of the trend run belongs in a plan but that the plan builds on it.
        return {"schema": SCHEMA_VERSION, "base": "baseline"}
    return data


def _overlaid(asked: str) -> Scenario:
    """Return a scenario under overlays: files of the same shape without a base."""
    first, *over = asked.split("+")
    scenario = load_scenario(first)
    chains = []
    faults: list[Fault] = []
    for name in over:
        path = overlays().get(name, Path(name))
        if not is_there(path):
            faults.append(_missing(name, overlays()))
            continue
        document = open_document(path)
        try:
            chain = _chain(document, folder=path.parent, above=(identity(path),))
        except FaultyInput as error:
            faults.extend(error.faults)
            continue
        if len(chain) > 1:
            refused = RefusedError(allowed=t("scenario.allowed.overlay"), do=t("scenario.do.overlay"))
            faults.append(fault_at(document, ("base",), chain[0][1].base, refused))
        chains.append(chain)
    if faults:
        raise FaultyInput(faults)
    for name, chain in zip(over, chains, strict=True):
        scenario = _laid_over(scenario, _assemble(shown(Path(name).stem, LONGEST_NAME), chain), chain[0][1])
    return scenario


def overlaid(scenario: Scenario, overlay: str) -> Scenario:
    """Return a scenario with an overlay of the library laid over it."""
    path = overlays()[overlay]
    chain = _chain(open_document(path), folder=path.parent, above=(identity(path),))
    return _laid_over(scenario, _assemble(overlay, chain), chain[0][1])


def _laid_over(scenario: Scenario, overlay: Scenario, own: ScenarioFile) -> Scenario:
    """Return a scenario with what an overlay adds or replaces."""
    programmes = {one.name: one for one in (*scenario.programmes, *overlay.programmes)}
    costs = {(one.line, one.kind): one for one in (*scenario.unit_costs, *overlay.unit_costs)}
    return replace(
        scenario,
        name=f"{scenario.name}+{overlay.name}",
        label=Bilingual(
            f"{scenario.label.es} + {overlay.label.es}", f"{scenario.label.en} + {overlay.label.en}"
        ),
        assumptions=_joined(scenario.assumptions, overlay.assumptions),
        question=_joined(scenario.question, overlay.question),
        description=_joined(scenario.description, overlay.description),
        until_ti=scenario.until_ti if own.until is None else overlay.until_ti,
        parameters=dict(sorted({**scenario.parameters, **overlay.parameters}.items())),
        context=scenario.context + overlay.context,
        shocks=scenario.shocks + overlay.shocks,
        interventions=scenario.interventions + overlay.interventions,
        programmes=tuple(programmes.values()),
        unit_costs=tuple(costs.values()),
        without=tuple(dict.fromkeys((*scenario.without, *overlay.without))),
        evidence=tuple(dict.fromkeys((*scenario.evidence, *overlay.evidence))),
        # What was checked of the scenario was checked without the overlay.
        claims=(),
        bases=(*scenario.bases, overlay.name),
    )


def _joined(one: Bilingual | None, other: Bilingual | None) -> Bilingual | None:
    if one is None or other is None:
        return one or other
    return Bilingual(f"{one.es} {other.es}", f"{one.en} {other.en}")


def _missing(asked: str, known: Mapping[str, Path] | None = None) -> Fault:
    names = tuple(library() if known is None else known)
    stem = re.split(r"[\\/]", asked)[-1].removesuffix(".yaml").removesuffix(".yml")
    near = get_close_matches(stem, names, n=1, cutoff=0.6)
    return Fault(
        where=shown(asked, LONGEST_NAME) or t("scenario.where.nothing"),
        found=t("scenario.found.no_file"),
        allowed=t("scenario.allowed.scenario", names=listed(names, t("scenario.library"))),
        do=t("fault.did_you_mean", name=near[0]) if near else t("scenario.do.no_file"),
    )


def _chain(
    document: Document, *, folder: Path | None, above: tuple[str, ...]
) -> list[tuple[Document, ScenarioFile]]:
    """Return the file and its bases, nearest first, each checked; or raise with the faults of them all."""
    shape, faults = check(document)
    base = document.data.get("base")
    rest: list[tuple[Document, ScenarioFile]] = []
    below: tuple[Fault, ...] = ()
    if isinstance(base, str) and not any(fault.where.endswith("  base") for fault in faults):
        path = base_path(base, folder)
        if path is None:
            faults.append(fault_at(document, ("base",), base, _no_base(base, folder)))
        elif identity(path) in above:
            loop = RefusedError(found=t("scenario.found.cycle", name=base), do=t("scenario.do.cycle"))
            faults.append(fault_at(document, ("base",), base, loop))
        else:
            try:
                rest = _chain(open_document(path), folder=path.parent, above=(*above, identity(path)))
            except FaultyInput as error:
                below = error.faults
    if shape is not None and not below:
        under = merged_programmes([part for _, part in rest])
        faults += [fault_at(document, *found) for found in adjust_faults(shape, under)]
        whole = merged_programmes([shape, *(part for _, part in rest)])
        faults += [fault_at(document, *found) for found in claim_faults(shape, whole)]
        for k, claim in enumerate(shape.claims):
            if base_path(claim.than, folder) is None:
                faults.append(
                    fault_at(document, ("claims", k, "than"), claim.than, _no_base(claim.than, folder))
                )
    if faults or below or shape is None:
        raise FaultyInput([*sorted(faults, key=line_of), *below])
    return [(document, shape), *rest]


def _no_base(base: str, folder: Path | None) -> RefusedError:
    beside: list[str] = []
    if folder is not None:
        try:
            beside = sorted(path.name for path in folder.iterdir() if path.suffix in SUFFIXES)[:200]
        except OSError:
            beside = []
    names = (*library(), *beside)
    return RefusedError(
        found=t("scenario.found.no_base", name=shown(base)),
        allowed=t("scenario.allowed.base", names=listed(tuple(library()), t("scenario.library"))),
        do=did_you_mean(base, names),
    )


def _assemble(name: str, chain: list[tuple[Document, ScenarioFile]]) -> Scenario:
    """Merge a file and its bases.

    Own parameters, own programmes of the same name and own unit costs of the same line and kind replace; what
    ``adjust`` names of a base's programme is changed; the rest is added.
    """
    document, own = chain[0]
    parameters: dict[str, float] = {}
    context: list[Context] = []
    shocks: list[Shock] = []
    interventions: list[Intervention] = []
    without: dict[str, None] = {}
    costs: dict[tuple[str, str], UnitCost] = {}
    until = DEFAULT_UNTIL
    for _, part in reversed(chain):
        parameters |= part.parameters
        context.extend(_context(row) for row in part.context)
        shocks.extend(_shock(row) for row in part.shocks)
        interventions.extend(_intervention(row) for row in part.interventions)
        without |= dict.fromkeys(part.without)
        costs |= {(row.line, row.kind): _unit_cost(row) for row in part.unit_costs}
        until = part.until if part.until is not None else until
    return Scenario(
        name=name,
        label=Bilingual(own.label.es, own.label.en),
        question=_bilingual(own.question),
        description=_bilingual(own.description),
        assumptions=_bilingual(own.assumptions),
        until_ti=until,
        parameters=dict(sorted(parameters.items())),
        context=tuple(context),
        shocks=tuple(shocks),
        interventions=tuple(interventions),
        programmes=tuple(_programme(row) for row in merged_programmes([p for _, p in chain]).values()),
        unit_costs=tuple(costs.values()),
        without=tuple(without),
        evidence=tuple(own.evidence),
        claims=tuple(
            Claim(
                *(row.measure, row.than, row.direction, row.from_, row.to),
                under=row.under,
                unexpected=row.unexpected,
                mostly_by=row.mostly_by,
            )
            for row in own.claims
        ),
        bases=tuple(part.base for _, part in chain if part.base is not None),
        source=document.text,
    )


def _bilingual(text: TextPart | None) -> Bilingual | None:
    return None if text is None else Bilingual(text.es, text.en)


def _context(row: ContextPart) -> Context:
    return Context(
        use=row.use,
        multiply=row.multiply,
        from_ti=row.from_,
        to_ti=row.to,
        territories=tuple(sorted(row.where.territory)),
        area=None if row.where.area is None else AREAS.index(row.where.area),
    )


def _shock(row: ShockPart) -> Shock:
    return Shock(
        use=row.use,
        level=row.level,
        from_ti=row.from_,
        to_ti=row.to,
        territories=tuple(sorted(row.where.territory)),
    )


def _intervention(row: InterventionPart) -> Intervention:
    return Intervention(
        use=row.use,
        amount=row.amount,
        start_ti=row.start,
        end_ti=row.end,
        ramp_months=row.ramp_months,
        territories=tuple(sorted(row.where.territory)),
        area=None if row.where.area is None else AREAS.index(row.where.area),
        admits=row.admits or "all",
        forms=row.forms or "all",
    )


def _programme(row: ProgrammePart) -> Programme:
    payers = tuple(
        Payers(part.from_, tuple(sorted(part.shares.items())))
        for part in sorted(row.payers, key=lambda part: part.from_)
    )
    return Programme(
        name=row.name,
        label=Bilingual(row.label.es, row.label.en),
        budget=tuple(_grant(part) for part in row.budget),
        start_ti=row.start,
        end_ti=row.end,
        ramp_months=row.ramp_months,
        kind=row.kind,
        delivery=row.delivery,
        funding=row.funding,
        co_design=row.co_design,
        currency=row.currency,
        price_year=row.price_year,
        fiscal_year=row.fiscal_year,
        payers=payers or (Payers(FIRST_YEAR, (("national", 1.0),)),),
        outcomes=tuple(Outcome(o.signal, o.at_least, o.by, o.share) for o in row.outcomes),
        adapt=None if row.adapt is None else Adapt(**row.adapt.model_dump()),
        stop_when=None if row.stop_when is None else Stop(**row.stop_when.model_dump()),
        transition=None if row.transition is None else Transition(**row.transition.model_dump()),
    )


def _grant(row: GrantPart) -> Grant:
    return Grant(
        lines=tuple(row.lines.items()),
        amount=row.amount,
        amounts=tuple(sorted((int(year), amount) for year, amount in (row.amounts or {}).items())),
        territories=tuple(sorted(row.where.territory)),
        area=None if row.where.area is None else AREAS.index(row.where.area),
        split=row.split,
    )


def _unit_cost(row: UnitCostPart) -> UnitCost:
    return UnitCost(**row.model_dump())
