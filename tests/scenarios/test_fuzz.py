"""A thousand damaged files: each loads or is refused in our words; none ends in a traceback."""

from __future__ import annotations

from pathlib import Path
from random import Random

from scenarios import Scenario, library, load_scenario
from simulator.faults import Fault, FaultyInput

FILES = 1000
SCRAPS = (
    *(
        "08",
        '"08"',
        "8",
        ".nan",
        "-.inf",
        "1e999",
        "9" * 400,
        "-1",
        "0x1F",
        "0o7",
        "1_000",
        "true",
        "no",
        "~",
        "''",
    ),
    *(
        "2027-13",
        "2026-01",
        "2026-01-01",
        "12:30:45",
        "null",
        "[]",
        "{}",
        "[[1]]",
        "{a: {b: 1}}",
        "&a x",
        "*a",
    ),
    *(
        "!!python/name:os.system",
        "!!int x",
        "!!set {a}",
        "<<: {a: 1}",
        "? [x]",
        "|\n  a",
        ">-\n  b",
        "\t",
        "\x00",
    ),
    *(
        "\u2028",
        "\ufeff",
        "ñ",
        "\U0001f600",
        "%TAG ! x",
        "---",
        "...",
        "#",
        ":",
        "- ",
        ", ",
        "}",
        "]",
        '"',
        "'",
    ),
    *("upe_reach", "baseline", "poverty", "specialised_places", "interventions:", "context:", "base: "),
    *("[" * 300, "{a: " * 300, "- " * 300, "? " * 300, "a" * 3000, '"\\U99999999"', '"\\x"', "'" * 99),
)


def _damaged(content: bytes, luck: Random) -> bytes:
    for _ in range(luck.randint(1, 6)):
        at = luck.randrange(len(content) + 1)
        to = min(len(content), at + luck.choice((0, 1, 1, 3, 10, 80)))
        match luck.randrange(6):
            case 0:
                piece = luck.randbytes(luck.randint(1, 8))
            case 1:
                lines = content.split(b"\n")
                luck.shuffle(lines)
                content, piece, at, to = b"\n".join(lines), b"", 0, 0
            case 2:
                piece = content[at:to] * luck.randint(2, 5)
            case 3:
                # A value of one key is replaced by a value of another kind.
                lines = content.split(b"\n")
                row = luck.randrange(len(lines))
                key, mark, _ = lines[row].partition(b":")
                lines[row] = key + mark + b" " + luck.choice(SCRAPS).encode()
                content, piece, at, to = b"\n".join(lines), b"", 0, 0
            case _:
                piece = luck.choice(SCRAPS).encode()
        content = content[:at] + piece + content[to:]
    return content


def _outcome(path: Path) -> Scenario | tuple[Fault, ...]:
    try:
        return load_scenario(path)
    except FaultyInput as error:
        return error.faults


def test_a_thousand_damaged_files_end_in_a_scenario_or_in_faults(tmp_path: Path) -> None:
    luck = Random(20261124)
    good = [path.read_bytes() for path in library().values()]
    path = tmp_path / "damaged.yaml"
    refused = 0
    for _ in range(FILES):
        path.write_bytes(_damaged(luck.choice(good), luck))
        outcome = _outcome(path)
        if isinstance(outcome, Scenario):
            assert len(outcome.hash) == 64
            continue
        refused += 1
        assert outcome
        for fault in outcome:
            parts = (fault.where, fault.found, fault.allowed, fault.do)
            assert all(part and part.isprintable() for part in parts), parts
    # Both happen: the damage is neither harmless nor total.
    assert 0.5 * FILES < refused < FILES
