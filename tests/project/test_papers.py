"""The papers of the project say what is true: links, commands, names; nothing points at a machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import simulator
from scenarios import levers

ROOT = Path(__file__).parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(?:\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def tracked() -> list[Path]:
    """Return the files under version control, or all files that would be, outside a checkout."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode == 0 and done.stdout:
        return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]
    return [path for folder in ("simulator", "scenarios", "docs") for path in (ROOT / folder).rglob("*.*")]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_links_lead_somewhere(paper: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", paper.read_text(encoding="utf-8"))
    for link in links:
        assert (paper.parent / link).exists(), link


def test_both_readmes_give_the_same_commands() -> None:
    english, spanish = (
        FENCE.findall((ROOT / name).read_text(encoding="utf-8")) for name in ("README.md", "README.es.md")
    )
    assert english[:2] == spanish[:2]
    assert len(english) == len(spanish)
    assert english[0].startswith("pip install uv && uv run sintrata compare baseline policy_2030_funded")


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    commands = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert commands[1].strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_no_file_names_a_registry_or_a_place_on_a_machine() -> None:
    words = [
        "py" + "pi.org",
        "files.python" + "hosted",
        "/ro" + "ot/",
        "/wo" + "rk/",
        "/ho" + "me/",
        "C:\\" + "Users",
    ]
    for path in tracked():
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".csv", ".svg", "") and path.name != "LICENSE":
            text = path.read_text(encoding="utf-8", errors="replace")
            assert [word for word in words if word in text] == [], path


def test_no_lock_file_is_kept() -> None:
    assert [path.name for path in tracked() if path.name.endswith(".lock")] == []


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = {pin.partition("==")[0].lower() for pin in project["tool"]["uv"]["constraint-dependencies"]}
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    for name in (re.split(r"[<>=,]", entry)[0].lower() for group in groups for entry in group):
        assert name in pins


def test_the_papers_name_every_lever_and_every_rule() -> None:
    text = (ROOT / "docs" / "scenario-files.md").read_text(encoding="utf-8")
    assert [name for name in levers() if f"`{name}`" not in text] == []
    model = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    rules = [path.name for path in (ROOT / "simulator" / "rules").glob("*.py") if path.stem != "__init__"]
    assert [name for name in rules if f"rules/{name}" not in model] == []


def test_public_names() -> None:
    assert simulator.__all__ == [
        *(
            "Forks",
            "Scenario",
            "World",
            "__version__",
            "compare",
            "coordinates",
            "load_ledger",
            "load_scenario",
        ),
        *("optimise", "run", "scorecard", "sweep"),
    ]
    for name in simulator.__all__:
        assert getattr(simulator, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        _ = simulator.simulate  # type: ignore[attr-defined]
