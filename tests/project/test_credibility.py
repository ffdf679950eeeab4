"""The credibility documents say what is true of the code, and leave nothing out that they must mention."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scenarios import levers
from simulator import __version__
from simulator.cli import COMMANDS, main
from simulator.engine import draws
from simulator.engine.states import STATES
from simulator.evidence import Ledger, load_ledger
from simulator.papers import PIECES, ROOT, Piece, paths, rebuilt

DOCUMENTS = ("odd", "twin", "stress", "trace", "limits", "limits.es", "licences", "model", "randomness")
RULES = sorted(path for path in (ROOT / "simulator" / "rules").glob("*.py") if path.stem != "__init__")
FILE = re.compile(r"[\w./-]+\.(?:py|csv|yaml|toml|md|cff|svg|j2|typ)")
QUICK = [path for path in paths() if not any(piece.runs for piece in PIECES if piece.path == path)]


@cache
def ledger() -> Ledger:
    return load_ledger()


def text(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def names(name: str) -> list[str]:
    """Return what stands in backticks in a document."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text(name), flags=re.M | re.S))


@cache
def defined() -> frozenset[str]:
    """Names of functions and classes of the rules and of the world."""
    sources = [*RULES, *(ROOT / "simulator").glob("*.py")]
    found = re.findall(r"^ *(?:def|class) (\w+)", "\n".join(p.read_text("utf-8") for p in sources), re.M)
    return frozenset(found)


def exists(file: str) -> bool:
    folders = (ROOT, ROOT / "simulator", ROOT / "docs")
    return any((folder / file).exists() for folder in folders)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_documents_name_exists(document: str) -> None:
    """Parameters, files, states, streams, statements, commands and dotted names."""
    groups = {name.partition(".")[0] for name in ledger().parameters}
    wrong = []
    for name in names(document):
        first = name.partition(".")[0]
        if name.startswith("sintrata "):
            ok = name.split()[1] in COMMANDS
        elif FILE.fullmatch(name):
            ok = exists(name)
        elif re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", name) and first in groups:
            ok = name in ledger().parameters or hasattr(
                _module(f"simulator.rules.{first}"), name.partition(".")[2]
            )
        elif re.fullmatch(r"STREAM_[A-Z_]+", name):
            ok = hasattr(draws, name)
        elif re.fullmatch(r"(?:simulator|calibration|scenarios)(?:\.\w+)+", name):
            ok = _resolves(name)
        elif re.fullmatch(r"m\d{3}\.[a-z]+", name):
            ok = name in ledger().parameters
        else:
            continue
        if not ok:
            wrong.append(name)
    assert wrong == []
    numbers = set(re.findall(r"\bM\d{3}\b", text(document)))
    assert numbers <= set(ledger().mechanisms)


def _module(name: str) -> object:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


def _resolves(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return _module(name) is not None or hasattr(_module(module), attribute)


def test_plain_names_of_the_odd_are_those_of_the_code() -> None:
    """A word in backticks is a factor, a state, a function, a class, or part of a parameter's name."""
    known = set(ledger().factors) | set(STATES) | defined() | set(levers()) | {"code"}
    known |= {word for one in ledger().mechanisms.values() for word in (one.reads, one.moves)}
    known |= {name.partition(".")[2] for name in ledger().parameters}
    known |= {name.partition(".")[0] for name in ledger().parameters}
    plain = [name for name in names("odd") if re.fullmatch(r"[A-Za-z_0-9]+", name)]
    assert len(plain) > 200
    assert [n for n in plain if n not in known and not n.startswith("STREAM_")] == []


def test_the_odd_leaves_nothing_out() -> None:
    odd = text("odd")
    assert [state for state in STATES if f"`{state}`" not in odd] == []
    assert [path.name for path in RULES if f"rules/{path.name}" not in odd] == []
    assert [one for one in ledger().mechanisms if one not in odd] == []
    groups = {name.partition(".")[0] for name in ledger().parameters}
    plain = {group for group in groups if not re.fullmatch(r"m\d{3}", group)}
    assert [group for group in sorted(plain) if f"`{group}`" not in odd] == []
    streams = [name for name in dir(draws) if name.startswith("STREAM_")]
    assert len(streams) > 15
    assert [name for name in streams if f"`{name}`" not in odd] == []


@pytest.mark.parametrize("path", QUICK)
def test_what_is_generated_is_what_the_code_says_now(path: str) -> None:
    assert rebuilt(path) == (ROOT / path).read_text(encoding="utf-8")


def test_every_piece_has_its_place() -> None:
    """A document that needs runs is marked where its blocks belong, and its maker exists."""
    for piece in PIECES:
        module, _, name = piece.maker.partition(":")
        assert callable(getattr(import_module(module), name)), piece.maker
        if piece.block:
            committed = (ROOT / piece.path).read_text(encoding="utf-8")
            assert committed.count(f"<!-- begin {piece.block} -->") == 1
            assert committed.count(f"<!-- end {piece.block} -->") == 1


def test_a_block_without_its_marks_is_told() -> None:
    wrong = (Piece("docs/odd.md", "simulator.papers:streams", "nowhere"),)
    with pytest.raises(ValueError, match="'nowhere'"):
        rebuilt("docs/odd.md", wrong)


def test_reproduce_writes_documents_and_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["reproduce", "docs/parameters.md", "docs/img/stocks.es.svg", "--out", str(tmp_path)]
    assert main([*words, "--lang", "en"]) == 0
    assert "manifest.json" in capsys.readouterr().out
    made = (tmp_path / "docs" / "parameters.md").read_bytes()
    assert made == (ROOT / "docs" / "parameters.md").read_bytes()
    manifest = YAML(typ="safe").load((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert [row["as_committed"] for row in manifest["files"]] == [True, True]
    assert manifest["data_hash"] == ledger().hash


def test_reproduce_tells_what_no_longer_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["reproduce", "docs/img/stocks.en.svg", "--check", "--lang", "en"]
    assert main(words) == 0
    assert "as the code says" in capsys.readouterr().out
    monkeypatch.setattr("simulator.papers.stocks_figure", lambda: "<svg/>")
    assert main(words) == 2
    assert "differs" in capsys.readouterr().out
    assert main(["reproduce", "docs/odds.md", "--lang", "en"]) == 2
    assert "docs/odd.md" in capsys.readouterr().err


def test_limits_fit_on_a_page_in_both_languages() -> None:
    english, spanish = text("limits"), text("limits.es")
    for page in (english, spanish):
        assert len(page.split()) < 520
    bold = [re.findall(r"^\*\*", page, re.M) for page in (english, spanish)]
    assert len(bold[0]) == len(bold[1]) == 9


def test_the_citation_is_of_this_version() -> None:
    cited = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == __version__
    assert cited["license"] == "Apache-2.0"
    assert cited["cff-version"] == "1.2.0"


def test_the_readmes_lead_to_the_documents() -> None:
    for readme in ("README.md", "README.es.md"):
        told = (ROOT / readme).read_text(encoding="utf-8")
        for name in ("odd", "stress", "trace", "twin", "parameters", "mechanisms", "licences"):
            assert f"(docs/{name}.md)" in told, (readme, name)
        limits = "limits.es" if readme.endswith("es.md") else "limits"
        assert f"(docs/{limits}.md)" in told
        assert "(CITATION.cff)" in told
