"""The store of a sweep: one Zarr group, laid out beforehand, and beside it the work that fills it.

A batch is one chunk of every output. It counts as done once its marker stands in ``.sweep``: the marker comes
last, is renamed into place, and tells the checksum of every chunk; a batch without one, or with a chunk that
is not as it says, is run again. So any process can end at any time, and a disk can be full.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import uuid
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
import zarr

from simulator.engine.states import AREAS, REPORT_FROM
from simulator.experiments.structures import load_structures
from simulator.experiments.sweep import journal
from simulator.experiments.sweep.experiment import Factor
from simulator.experiments.sweep.journal import Pair
from simulator.experiments.sweep.lease import LAPSE
from simulator.experiments.sweep.outputs import DIMS_OF, attributes_of
from simulator.experiments.sweep.plan import Batch, Plan
from simulator.experiments.sweep.samplers import problem
from simulator.faults import Fault, FaultyInput
from simulator.outcomes.dataset import coordinates
from simulator.texts import LANGUAGES, t

if TYPE_CHECKING:
    from simulator.evidence import Ledger

WORK: Final = ".sweep"
"""Folder of plan, markers, leases and journals; Zarr takes it for a group without arrays."""

PLAN: Final = "plan.json"
STATUS: Final = ("not_run", "done", "failed", "left_out", "done_implausible")
"""What became of a run; of the last two, the sources exclude the stock that their parameters imply."""

NOT_RUN, DONE, FAILED, LEFT_OUT, DONE_IMPLAUSIBLE = range(len(STATUS))
FLAT: Final[Any] = {"name": "default", "separator": "."}
"""Chunks of an array lie side by side, not in a tree of folders."""

RUN_DIMS: Final = ("scenario", "draw", "replicate")


@dataclass(frozen=True)
class Marker:
    """What a finished batch tells.

    Attributes
    ----------
    status : [scenario, draw, replicate] of ``STATUS``
    reasons : (scenario, draw, replicate, reason) of every run without values
    hashes : [scenario, draw, replicate] of every run, sixteen characters
    seconds : processor time of all runs
    sums : checksum of the chunk of every output
    """

    status: list[list[list[int]]]
    reasons: list[tuple[str, int, int, str]]
    hashes: list[list[list[str]]]
    seconds: float
    sums: dict[str, int]

    def count(self, *statuses: int) -> int:
        """Return how many runs have one of the statuses."""
        return int(np.isin(np.array(self.status), statuses).sum())


class Store:
    """A store on disk, laid out for a plan.

    Parameters
    ----------
    path : its folder, which ``lay_out`` has made

    Raises
    ------
    FaultyInput
        If no store of a sweep stands there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.work = path / WORK
        self._arrays: dict[str, Any] = {}
        try:
            told = json.loads((self.work / PLAN).read_text(encoding="utf-8"))
            self._group = zarr.open_group(path, mode="r+", use_consolidated=False)
            values, unit = (np.asarray(self._array(name)[:]) for name in ("design", "design_unit"))
            self.plan = Plan.from_mapping(told, values, unit)
        except (OSError, ValueError, KeyError):
            fault = Fault(str(path), t("sweep.found.no_store"), t("sweep.allowed.store"), t("sweep.do.store"))
            raise FaultyInput([fault]) from None
        self.outputs = self.plan.experiment.keep

    def _array(self, name: str) -> Any:
        if name not in self._arrays:
            # A chunk without values is written too: a missing file then always means a missing batch.
            array: Any = self._group[name]
            self._arrays[name] = array.with_config({"write_empty_chunks": True})
        return self._arrays[name]

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Return the shape that one run has in an output."""
        return tuple(self._array(name).shape[3:])

    # -- batches ---------------------------------------------------------------------------------------

    def lease_of(self, batch: Batch) -> Path:
        """Return the file that tells who works on a batch."""
        return self.work / f"{batch.number:06d}.lease"

    def journals(self, batch: Batch) -> list[Path]:
        """Return the journals that those who worked on a batch have left."""
        return sorted(self.work.glob(f"{batch.number:06d}.*.journal"))

    def journal_of(self, batch: Batch, token: str) -> Path:
        """Return the journal of one owner of a batch."""
        return self.work / f"{batch.number:06d}.{token}.journal"

    def finished_pairs(self, batch: Batch) -> dict[tuple[int, int], Pair]:
        """Return the runs of a batch that are already in a journal."""
        found: dict[tuple[int, int], Pair] = {}
        for path in self.journals(batch):
            for pair in journal.read(path):
                found[pair.draw, pair.replicate] = pair
        return found

    def marker(self, batch: Batch, *, check: bool = True) -> Marker | None:
        """Return the marker of a batch if it is done and, unless told otherwise, its chunks are sound."""
        try:
            told = json.loads(self._marker_path(batch).read_text(encoding="utf-8"))
            found = Marker(**told)
            sound = not check or self._sums(batch) == found.sums
        except (OSError, ValueError, TypeError):
            return None
        return found if sound else None

    def _marker_path(self, batch: Batch) -> Path:
        return self.work / f"{batch.number:06d}.done"

    def write(self, batch: Batch, pairs: dict[tuple[int, int], Pair]) -> Marker:
        """Write a whole batch: every chunk, then the marker; the journals have then served.

        Raises
        ------
        OSError
            If the disk is full or cannot be written; the batch then counts as not done.
        """
        names = [scenario.name for scenario in self.plan.experiment.scenarios]
        first, since = batch.draws.start, batch.replicates.start
        shape = (len(names), len(batch.draws), len(batch.replicates))
        status = np.zeros(shape, np.uint8)
        hashes = np.full(shape, "", object)
        reasons: list[tuple[str, int, int, str]] = []
        seconds = 0.0
        for (draw, replicate), pair in sorted(pairs.items()):
            where = (slice(None), draw - first, replicate - since)
            status[where] = pair.status
            hashes[where] = pair.hashes
            seconds += pair.seconds
            reasons += [(names[k], draw, replicate, reason) for k, reason in sorted(pair.reasons.items())]
        here = (slice(None), *(slice(r.start, r.stop) for r in (batch.draws, batch.replicates)))
        for name in self.outputs:
            array = self._array(name)
            block = np.full((*shape, *array.shape[3:]), np.nan)
            for (draw, replicate), pair in pairs.items():
                block[:, draw - first, replicate - since] = pair.outputs[name]
            array[here] = block
        self._array("status")[here] = status
        found = Marker(status.tolist(), reasons, hashes.tolist(), round(seconds, 3), self._sums(batch))
        _write_whole(self._marker_path(batch), json.dumps(vars(found), ensure_ascii=False))
        for path in self.journals(batch):
            path.unlink(missing_ok=True)
        return found

    def _sums(self, batch: Batch) -> dict[str, int]:
        """Return the checksum of every chunk of a batch, as it is on disk."""
        wide, deep = self.plan.chunk
        sums = {}
        for name in (*self.outputs, "status"):
            array = self._array(name)
            place = [0] * array.ndim
            place[1:3] = batch.draws.start // wide, batch.replicates.start // deep
            key = array.metadata.encode_chunk_key(tuple(place))
            sums[name] = zlib.crc32((self.path / name / key).read_bytes())
        return sums

    # -- the whole -------------------------------------------------------------------------------------

    def missing(self) -> list[Batch]:
        """Return the batches that are not done."""
        return [batch for batch in self.plan.batches if self.marker(batch) is None]

    def require_sound(self) -> None:
        """Hold every batch that is done to the checksums of its files.

        Raises
        ------
        FaultyInput
            If files of a batch are damaged or gone.
        """
        damaged = [batch for batch in self.missing() if self._marker_path(batch).exists()]
        if damaged:
            found = t("sweep.found.damaged", numbers=names_missing(damaged))
            raise FaultyInput([Fault(str(self.path), found, t("sweep.allowed.sound"), t("sweep.do.damaged"))])

    def finish(self) -> dict[str, Any]:
        """Mark a store as complete and tidy it; return how many runs came to what, and why runs failed.

        Every batch must be done.
        """
        markers = [self.marker(batch, check=False) for batch in self.plan.batches]
        found = [marker for marker in markers if marker is not None]
        counts = {name: sum(m.count(k) for m in found) for k, name in enumerate(STATUS)}
        reasons: list[Any] = [list(reason) for marker in found for reason in marker.reasons]
        self._group.attrs.update(
            {
                "complete": True,
                "runs": counts,
                "processor_seconds": round(sum(m.seconds for m in found), 1),
                "reasons": reasons[:MOST_REASONS],
            }
        )
        _consolidate(self.path)
        for path in (*self.work.glob("*.lease"), *self.work.glob("*.journal")):
            path.unlink(missing_ok=True)
        for path in (*self.work.glob(".*"), *self.path.rglob("*.partial")):
            # Of a process that was killed while it wrote; a young one may still be somebody's.
            if time.time() - path.stat().st_mtime > LAPSE:
                path.unlink(missing_ok=True)
        return {"counts": counts, "reasons": reasons}


MOST_REASONS: Final = 1000
"""Reasons that the attributes of a store tell; the markers tell all."""


def lay_out(path: Path, plan: Plan, ledger: Ledger) -> None:
    """Make an empty store for a plan, beside its place and renamed into it, so that it is whole or not there.

    Raises
    ------
    FileExistsError
        If something stands there by then.
    OSError
        If the place cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.stem}.", dir=path.parent))
    try:
        made = draft / path.name
        with warnings.catch_warnings():
            # Text of any length is in every reader of Zarr 3, but not yet in its written specification.
            warnings.filterwarnings("ignore", category=zarr.errors.UnstableSpecificationWarning)
            _labels(plan, ledger).to_zarr(made, zarr_format=3, consolidated=False)
        group = zarr.open_group(made, mode="r+", use_consolidated=False)
        by = plan.experiment.by
        sizes = {"territory": len(ledger.territories.codes), "area": len(AREAS)}
        before = (len(plan.experiment.scenarios), plan.draws, plan.experiment.replicates)
        chunk = (before[0], *plan.chunk)
        for name in plan.experiment.keep:
            rest = (*(sizes[dim] for dim in DIMS_OF[by]), len(plan.years))
            group.create_array(
                name,
                shape=(*before, *rest),
                chunks=(*chunk, *rest),
                dtype="float64",
                fill_value=np.nan,
                dimension_names=(*RUN_DIMS, *DIMS_OF[by], "year"),
                attributes=dict[str, Any](attributes_of(name)),
                chunk_key_encoding=FLAT,
            )
        group.create_array(
            "status",
            shape=before,
            chunks=chunk,
            dtype="uint8",
            # No value stands for missing: 0 says that a run has not been done.
            fill_value=0,
            dimension_names=RUN_DIMS,
            attributes={
                "long_name": t("sweep.output.status", "en"),
                "long_name_es": t("sweep.output.status", "es"),
                "flag_values": list(range(len(STATUS))),
                "flag_meanings": " ".join(STATUS),
            },
            chunk_key_encoding=FLAT,
        )
        _consolidate(made)
        work = made / WORK
        work.mkdir()
        (work / "zarr.json").write_text(
            json.dumps({"zarr_format": 3, "node_type": "group"}), encoding="utf-8"
        )
        (work / PLAN).write_text(json.dumps(plan.to_mapping(), ensure_ascii=False), encoding="utf-8")
        if os.path.lexists(path):
            raise FileExistsError(path)
        os.rename(made, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _labels(plan: Plan, ledger: Ledger) -> xr.Dataset:
    """Return coordinates, design and attributes of a store: everything but results."""
    experiment = plan.experiment
    factors = experiment.factors
    parameters = ledger.parameters
    coords = coordinates(ledger, REPORT_FROM, experiment.until + 1)
    kept = {name: coords[name] for name in DIMS_OF[experiment.by]}
    if "territory" in kept:
        kept["territory_name"] = coords["territory_name"]
    names = [factor.name for factor in factors]
    units = [
        ledger.units[parameters[f.name].unit]["en"] if f.kind == "parameter" else f.unit for f in factors
    ]
    questions = {one.group: one.question for one in load_structures().values()}

    def label(factor: Factor, lang: str) -> str:
        if factor.kind == "structure":
            return questions[factor.name][lang]
        return parameters[factor.name].label[lang] if factor.kind == "parameter" else factor.name

    labels = {lang: [label(factor, lang) for factor in factors] for lang in LANGUAGES}
    told = {
        "design": "value of each factor",
        "design_unit": "probability at which the value lies in the factor's distribution",
    }
    return xr.Dataset(
        {
            name: (("draw", "factor"), array, {"long_name": told[name]})
            for name, array in (("design", plan.values), ("design_unit", plan.unit))
        },
        coords={
            **kept,
            "scenario": [scenario.name for scenario in experiment.scenarios],
            **{
                f"scenario_{lang}": ("scenario", [getattr(s.label, lang) for s in experiment.scenarios])
                for lang in LANGUAGES
            },
            "draw": np.arange(plan.draws),
            "replicate": np.arange(experiment.replicates),
            "year": plan.years,
            "factor": names,
            "factor_kind": ("factor", [factor.kind for factor in factors]),
            "factor_group": ("factor", [factor.group for factor in factors]),
            "factor_unit": ("factor", units),
            **{f"factor_{lang}": ("factor", labels[lang]) for lang in LANGUAGES},
        },
        attrs={
            "title": "SinTrata: simulated runs of an experiment; not an estimate of prevalence",
            "experiment": experiment.name,
            "experiment_hash": experiment.hash,
            "plan_hash": plan.hash,
            "scenario_hash": [scenario.hash for scenario in experiment.scenarios],
            "comparator": experiment.scenarios[0].name,
            "sampler": json.dumps(
                {
                    "use": experiment.sampler.use,
                    "size": experiment.sampler.size,
                    "levels": experiment.sampler.levels,
                }
            ),
            "problem": json.dumps(problem(factors)),
            "structures": json.dumps(
                {f.name: [one.name for one in f.readings] for f in factors if f.readings}
            ),
            "seed": experiment.seed,
            "by": experiment.by,
            "code_version": plan.code_version,
            "code_hash": plan.code_hash,
            "data_hash": plan.data_hash,
            "population_hash": plan.population_hash,
            "rejected_share_of_draws": plan.rejected,
            "scale": plan.scale,
            "complete": False,
        },
    )


def _consolidate(path: Path) -> None:
    with warnings.catch_warnings():
        # Readers that do not know it read each array's own description.
        warnings.filterwarnings("ignore", category=zarr.errors.ZarrUserWarning)
        zarr.consolidate_metadata(path)


def _write_whole(path: Path, text: str) -> None:
    """Write a file beside its place, force it to disk and rename it there."""
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


@lru_cache(maxsize=2)
def store_at(path: Path) -> Store:
    """Return the store at a path, opened once in this process."""
    return Store(path)


def open_store(path: Path, *, check: bool = False) -> xr.Dataset:
    """Return a store as a dataset; nothing of it is in memory yet.

    Runs that are not done, failed or were left out have no values; ``status`` tells which.

    Parameters
    ----------
    check : hold all files to their checksums first, which reads them

    Raises
    ------
    FaultyInput
        If no store of a sweep stands there, or files are damaged.
    """
    store = Store(path)
    if check:
        store.require_sound()
    dataset: xr.Dataset = xr.open_zarr(path)
    return dataset


def names_missing(batches: Sequence[Batch], most: int = 8) -> str:
    """Return the numbers of some batches in one line."""
    told = ", ".join(str(batch.number) for batch in batches[:most])
    return told if len(batches) <= most else f"{told}, ..."
