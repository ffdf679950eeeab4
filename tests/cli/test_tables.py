"""Tables on a screen: numbers in a form people read, words whole, nothing missing."""

from __future__ import annotations

import pytest

from simulator.tables import Column, Table
from simulator.texts import set_language


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        ("n", 17306.4, "17,306"),
        ("n", 99.96, "100"),
        ("n", 2.3048, "2.3"),
        ("n", 0.03582, "0.0358"),
        ("n", 0, "0"),
        ("+n", -235.4, "-235"),
        ("+n", 56.5, "+56.5"),
        ("w", 1377.0, "1,400"),
        ("w", 7_260_658.0, "7,300,000"),
        ("+w", 8.62, "+9"),
        ("+w", -56.0, "-56"),
        ("+w", 0.3, "0"),
        ("+w", -0.3, "0"),
        (",.0f", 1234.4, "1,234"),
        ("g", float("nan"), "-"),
        ("g", None, "-"),
        ("", True, "sí"),
        ("", "texto", "texto"),
    ],
)
def test_one_cell(form: str, value: object, shown: str) -> None:
    set_language("es")
    table = Table("", (Column("a", "A", form),), ({"a": value},))
    assert table.lines(80)[2].strip() == shown


def test_long_cells_wrap_between_words_and_hidden_columns_are_for_programs() -> None:
    columns = (Column("key", ""), Column("what", "qué"), Column("n", "número", "n"))
    row = {"key": "k", "what": "una frase bastante larga que no cabe en una línea", "n": 3}
    table = Table("Título", columns, (row,), ("una nota que también es más larga que la pantalla",))
    lines = table.lines(30)
    assert max(len(line) for line in lines) <= 30
    assert not any(line.startswith("k ") for line in lines)
    words = " ".join(lines).split()
    for word in f"{row['what']} {table.notes[0]}".split():
        assert word in words
    assert table.records() == [row]
