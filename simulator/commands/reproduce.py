"""The command that rebuilds every figure and table of the documents, or says which no longer holds."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from time import perf_counter
from typing import Annotated

from simulator.faults import did_you_mean
from simulator.terminal import (
    FAULTY,
    OK,
    bad_option,
    check_writable,
    flag,
    names_of,
    option,
    print_json,
    unwritable,
)
from simulator.texts import t


def reproduce(
    names: Annotated[list[str] | None, names_of("papers")] = None,
    *,
    out: Annotated[str, option("--out", "reproduced")] = "results/reproduced",
    check: Annotated[bool, flag("--check", "check_papers")] = False,
    quiet: Annotated[bool, flag("--quiet", "quiet")] = False,
    as_json: Annotated[bool, flag("--json", "json")] = False,
) -> int:
    """Rebuild the figures and tables of the documents; with ``--check``, exit code 2 if one differs."""
    from simulator.papers import PIECES, ROOT, paths, rebuilt

    known = paths()
    for name in names or ():
        if name not in known:
            raise bad_option("reproduce", name, ", ".join(known), did_you_mean(name, tuple(known)))
    if not (ROOT / "docs").is_dir():
        raise bad_option("reproduce", str(ROOT), t("papers.allowed.repository"), t("papers.do.repository"))
    folder = Path(out)
    if not check:
        check_writable(folder / "manifest.json")
    rows: list[dict[str, object]] = []
    for path in names or known:
        began = perf_counter()
        text = rebuilt(path)
        committed = ROOT / path
        same = committed.is_file() and committed.read_text(encoding="utf-8") == text
        if not check:
            _write(folder / path, text)
        rows.append(
            {
                "path": path,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "as_committed": same,
                "runs": [piece.runs for piece in PIECES if piece.path == path and piece.runs],
            }
        )
        if not (quiet or as_json):
            seconds = f"{perf_counter() - began:.1f}"
            if not check:
                print(t("papers.made", path=path, seconds=seconds), flush=True)
            elif same:
                print(t("papers.same", path=path), flush=True)
            else:
                print(t("papers.differs", path=path), flush=True)
    manifest = {**_provenance(), "files": rows}
    if not check:
        _write(folder / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    if as_json:
        print_json(manifest)
    elif not (check or quiet):
        print(t("papers.manifest", path=folder / "manifest.json"))
    return FAULTY if check and not all(row["as_committed"] for row in rows) else OK


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise unwritable(path, error) from None


def _provenance() -> dict[str, str]:
    """Return what the documents were made with."""
    import platform

    import numpy as np

    from simulator.evidence import load_ledger
    from simulator.version import __version__

    return {
        "code_version": __version__,
        "data_hash": load_ledger().hash,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
