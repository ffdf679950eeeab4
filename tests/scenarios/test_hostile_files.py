"""One bad file per mistake: each is told with its line, what was found, what is allowed, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import load_scenario
from simulator.faults import FaultyInput
from simulator.texts import set_language

GOOD = """\
schema: 1
base: baseline
label: {es: Más alcance, en: More reach}
until: 2029-12
parameters:
  recruitment.rr_poverty: 2.5
context:
  - use: poverty
    where: {territory: ["08"], area: rural}
    from: 2027-01
    to: 2028-12
    multiply: 1.2
interventions:
  - use: upe_reach
    where: {territory: ["08", "15"]}
    start: 2026-01
    end: 2029-12
    ramp_months: 12
    amount: 0.5
  - use: specialised_places
    where: {territory: ["21"]}
    start: 2026-01
    amount: 20
    admits: girls
    forms: sexual
shocks:
  - use: pandemic
    where: {territory: ["16"]}
    from: 2027-03
    to: 2028-02
    level: 1.0
"""

# (what is replaced, by what, line, dotted path, and parts of the English and the Spanish message)
MISTAKES = {
    "unquoted code": (
        '["08", "15"]',
        "[08]",
        15,
        "interventions[0].where.territory[0]",
        ("08 (a number)", 'put quotes around the code: "08"'),
        ("08 (un número)", 'ponga el código entre comillas: "08"'),
    ),
    "unquoted one-digit code": (
        '["08", "15"]',
        "[8]",
        15,
        "interventions[0].where.territory[0]",
        ("8 (a number)", '"08"'),
        ("8 (un número)", '"08"'),
    ),
    "one-digit text": (
        '["08", "15"]',
        '["8"]',
        15,
        "interventions[0].where.territory[0]",
        ("8 (text)", 'two digits: "08"'),
        ("8 (texto)", 'dos cifras: "08"'),
    ),
    "unknown code": (
        '["08", "15"]',
        '["27"]',
        15,
        "interventions[0].where.territory[0]",
        ("27 (text)", '"01" to "26"'),
        ("27 (texto)", 'de "01" a "26"'),
    ),
    "code twice": (
        '["08", "15"]',
        '["08", "08"]',
        15,
        "interventions[0].where.territory",
        ("repeated codes: 08", "once"),
        ("códigos repetidos: 08", "una sola vez"),
    ),
    "no codes": (
        '["08", "15"]',
        "[]",
        15,
        "interventions[0].where.territory",
        ("a list of 0", "remove the key"),
        ("una lista de 0", "quite la clave"),
    ),
    "code without brackets": (
        '["08", "15"]',
        '"08"',
        15,
        "interventions[0].where.territory",
        ("08 (text)", "a list of quoted codes"),
        ("08 (texto)", "una lista de códigos"),
    ),
    "unknown area": (
        "area: rural",
        "area: Rural",
        9,
        "context[0].where.area",
        ("Rural (text)", "did you mean: rural"),
        ("Rural (texto)", "quizá quiso decir: rural"),
    ),
    "month 13": (
        "start: 2026-01\n    end",
        "start: 2027-13\n    end",
        16,
        "interventions[0].start",
        ("2027-13", "YYYY-MM between 2017-01 and 2050-12"),
        ("2027-13", "AAAA-MM entre"),
    ),
    "a whole date": (
        "from: 2027-01",
        "from: 2027-01-15",
        10,
        "context[0].from",
        ("2027-01-15", "such as 2027-03"),
        ("2027-01-15", "como 2027-03"),
    ),
    "a year": (
        "until: 2029-12",
        "until: 2029",
        4,
        "until",
        ("2029 (a number)", "YYYY-MM"),
        ("2029 (un número)", "AAAA-MM"),
    ),
    "month out of the period": (
        "until: 2029-12",
        "until: 2051-01",
        4,
        "until",
        ("2051-01", "within the period"),
        ("2051-01", "dentro del período"),
    ),
    "end before start": (
        "end: 2029-12",
        "end: 2025-12",
        17,
        "interventions[0].end",
        ("2025-12", "from 2026-01 on"),
        ("2025-12", "desde 2026-01"),
    ),
    "to before from": (
        "to: 2028-12",
        "to: 2026-12",
        11,
        "context[0].to",
        ("2026-12", "from 2027-01 on"),
        ("2026-12", "desde 2027-01"),
    ),
    "boolean as number": (
        "amount: 0.5",
        "amount: true",
        19,
        "interventions[0].amount",
        ("true (a yes/no value)", "from 0 to 1 (share)"),
        ("true (un valor de sí o no)", "de 0 a 1 (proporción)"),
    ),
    "text as number": (
        "amount: 0.5",
        "amount: '0.5'",
        19,
        "interventions[0].amount",
        ("0.5 (text)", "without quotes"),
        ("0.5 (texto)", "sin comillas"),
    ),
    "comma as decimal": (
        "amount: 0.5",
        "amount: 0,5",
        19,
        "interventions[0].amount",
        ("0,5 (text)", "decimal point"),
        ("0,5 (texto)", "punto decimal"),
    ),
    "not a number": (
        "amount: 0.5",
        "amount: .nan",
        19,
        "interventions[0].amount",
        (".nan (a number)", "from 0 to 1"),
        (".nan (un número)", "de 0 a 1"),
    ),
    "infinite": (
        "amount: 20",
        "amount: .inf",
        23,
        "interventions[1].amount",
        (".inf (a number)", "from 0 to 500 (places)"),
        (".inf (un número)", "de 0 a 500 (cupos)"),
    ),
    "too large to hold": (
        "amount: 20",
        "amount: 1e999",
        23,
        "interventions[1].amount",
        ("1e999 (a number)", "from 0 to 500"),
        ("1e999 (un número)", "de 0 a 500"),
    ),
    "beyond the lever": (
        "amount: 0.5",
        "amount: 1.5",
        19,
        "interventions[0].amount",
        ("1.5 (a number)", "within the range"),
        ("1.5 (un número)", "dentro del rango"),
    ),
    "nothing": (
        "amount: 0.5",
        "amount:",
        19,
        "interventions[0].amount",
        ("nothing", "from 0 to 1"),
        ("nada", "de 0 a 1"),
    ),
    "ramp too long": (
        "ramp_months: 12",
        "ramp_months: 121",
        18,
        "interventions[0].ramp_months",
        ("121", "from 0 to 120"),
        ("121", "de 0 a 120"),
    ),
    "ramp in halves": (
        "ramp_months: 12",
        "ramp_months: 1.5",
        18,
        "interventions[0].ramp_months",
        ("1.5", "a whole number"),
        ("1.5", "un número entero"),
    ),
    "unknown lever": (
        "use: upe_reach",
        "use: upe_reech",
        14,
        "interventions[0].use",
        ("upe_reech", "did you mean: upe_reach"),
        ("upe_reech", "quizá quiso decir: upe_reach"),
    ),
    "unknown context": (
        "use: poverty",
        "use: povert",
        8,
        "context[0].use",
        ("povert (text)", "did you mean: poverty"),
        ("povert (texto)", "poverty"),
    ),
    "unknown shock": (
        "use: pandemic",
        "use: pandemia",
        27,
        "shocks[0].use",
        ("pandemia (text)", "political_crisis"),
        ("pandemia (texto)", "political_crisis"),
    ),
    "shock too strong": (
        "level: 1.0",
        "level: 30",
        31,
        "shocks[0].level",
        ("30", "from -1 to 3"),
        ("30", "de -1 a 3"),
    ),
    "shock in an area": (
        '["16"]}',
        '["16"], area: rural}',
        28,
        "shocks[0].where",
        ("strike whole territories",),
        ("territorios enteros",),
    ),
    "shock that ends before it begins": (
        "to: 2028-02",
        "to: 2026-02",
        30,
        "shocks[0].to",
        ("2026-02", "2027-03"),
        ("2026-02", "2027-03"),
    ),
    "unknown key": (
        "ramp_months: 12",
        "ramp: 12",
        18,
        "interventions[0].ramp",
        ("the unknown key ramp", "ramp_months"),
        ("la clave desconocida ramp", "ramp_months"),
    ),
    "unknown top key": (
        "until: 2029-12",
        "untill: 2029-12",
        4,
        "untill",
        ("the unknown key untill", "did you mean: until"),
        ("untill", "quizá quiso decir"),
    ),
    "missing key": (
        "    start: 2026-01\n    end",
        "    end",
        14,
        "interventions[0].start",
        ("missing", "add the key start"),
        ("falta", "agregue la clave start"),
    ),
    "admits elsewhere": (
        "ramp_months: 12",
        "admits: girls",
        18,
        "interventions[0].admits",
        ("girls", "only with use: specialised_places"),
        ("girls", "solo con use"),
    ),
    "places that admit nobody named": (
        "    admits: girls\n",
        "",
        20,
        "interventions[1].admits",
        ("missing", "girls, boys, all"),
        ("falta", "girls, boys, all"),
    ),
    "area of places": (
        '{territory: ["21"]}',
        "{area: rural}",
        21,
        "interventions[1].where",
        ("the key area", "remove area"),
        ("la clave area", "quite area"),
    ),
    "multiplier": (
        "multiply: 1.2",
        "multiply: 5",
        12,
        "context[0].multiply",
        ("5 (a number)", "from 0.25 to 4"),
        ("5 (un número)", "de 0.25 a 4"),
    ),
    "unknown parameter": (
        "rr_poverty: 2.5",
        "rr_povrty: 2.5",
        6,
        "parameters.recruitment.rr_povrty",
        ("unknown parameter", "did you mean: recruitment.rr_poverty"),
        ("parámetro desconocido", "recruitment.rr_poverty"),
    ),
    "parameter beyond the ledger": (
        "rr_poverty: 2.5",
        "rr_poverty: 9",
        6,
        "parameters.recruitment.rr_poverty",
        ("9 (a number)", "range of the evidence ledger"),
        ("9 (un número)", "rango del registro de evidencia"),
    ),
    "parameter of the population": (
        "recruitment.rr_poverty: 2.5",
        "population.fragile_share: 0.3",
        6,
        "parameters.population.fragile_share",
        ("0.3", "shared by all scenarios"),
        ("0.3", "común a todos"),
    ),
    "parameter as a list": (
        "rr_poverty: 2.5",
        "rr_poverty: [2.5]",
        6,
        "parameters.recruitment.rr_poverty",
        ("a list of 1", "a finite number"),
        ("una lista de 1", "un número finito"),
    ),
    "wrong version": (
        "schema: 1",
        "schema: 2",
        1,
        "schema",
        ("2 (a number)", "schema: 1"),
        ("2 (un", "schema: 1"),
    ),
    "unknown base": (
        "base: baseline",
        "base: basline",
        2,
        "base",
        ("basline", "did you mean: baseline"),
        ("basline", "quizá quiso decir: baseline"),
    ),
    "base in another folder": (
        "base: baseline",
        "base: ../../etc/passwd",
        2,
        "base",
        ("../../etc/passwd", "without folders"),
        ("../../etc/passwd", "sin carpetas"),
    ),
    "itself as base": (
        "base: baseline",
        "base: bad.yaml",
        2,
        "base",
        ("builds on this very file", "does not build"),
        ("este mismo archivo", "no se apoye"),
    ),
    "one language": (
        "label: {es: Más alcance, en: More reach}",
        "label: {es: Más alcance}",
        3,
        "label.en",
        ("missing", "add the key en"),
        ("falta", "agregue la clave en"),
    ),
    "empty label": (
        "en: More reach",
        'en: " "',
        3,
        "label.en",
        ("an empty text", "not empty"),
        ("un texto vacío", "no esté vacío"),
    ),
    "label as a text": (
        "label: {es: Más alcance, en: More reach}",
        "label: More reach",
        3,
        "label",
        ("More reach (text)", "both languages"),
        ("More reach (texto)", "los dos idiomas"),
    ),
    "long label": (
        "More reach",
        "x" * 200,
        3,
        "label.en",
        ("200 characters", "up to 120"),
        ("200 caracteres", "hasta 120"),
    ),
    "list as a group": (
        "context:\n  - use: poverty",
        "context:\n    use: poverty",
        7,
        "context",
        ("a group with the keys: use", "a dash"),
        ("un grupo con las claves: use", "un guion"),
    ),
    "key twice": (
        "amount: 0.5",
        "ramp_months: 13",
        19,
        "interventions[0].ramp_months",
        ("a second time (the first is on line 18)", "keep one"),
        ("por segunda vez (la primera está en la línea 18)", "deje una sola"),
    ),
    "number as key": (
        "until: 2029-12",
        "8: x",
        4,
        "",
        ("8 (a number)", "a word as key"),
        ("8 (un número)", "una palabra"),
    ),
    "list as key": (
        "until: 2029-12",
        "? [a, b]\n: x",
        4,
        "",
        ("a group or a list in place of a key", "word"),
        ("un grupo o una lista", "palabra"),
    ),
    "anchor": (
        "amount: 0.5",
        "amount: &x 0.5",
        19,
        "interventions[0].amount",
        ("an anchor (&)", "write the whole value"),
        ("un ancla (&)", "escriba el valor completo"),
    ),
    "object": (
        "amount: 0.5",
        "amount: !!python/object/apply:os.system [ls]",
        19,
        "interventions[0].amount",
        ("a type tag (!)", "remove the tag"),
        ("una etiqueta de tipo (!)", "quite la etiqueta"),
    ),
    "tab": (
        "    amount: 0.5",
        "\tamount: 0.5",
        19,
        "",
        ("a tab in the indentation", "by spaces"),
        ("un tabulador en la sangría", "por espacios"),
    ),
    "open bracket": (
        '["08", "15"]}',
        '["08", "15"',
        16,
        "",
        ("cannot be read as YAML", "bracket"),
        ("no se puede leer como YAML", "corchetes"),
    ),
    "second document": (
        "until: 2029-12",
        "---\nuntil: 2029-12",
        4,
        "",
        ("a second document", "file of its own"),
        ("un segundo documento", "propio archivo"),
    ),
}


def faults_of(path: Path, lang: str) -> FaultyInput:
    set_language(lang)
    with pytest.raises(FaultyInput) as caught:
        load_scenario(path)
    return caught.value


def test_the_good_file_is_good(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.until_ti == 215
    assert scenario.interventions[0].territories == (7, 14)
    assert (scenario.context[0].territories, scenario.context[0].area) == ((7,), 1)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_told(mistake: str, tmp_path: Path) -> None:
    old, new, line, dotted, english, spanish = MISTAKES[mistake]
    assert GOOD.count(old) >= 1
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    where = f"bad.yaml:{line}" + (f"  {dotted}" if dotted else "")
    for lang, parts in (("en", english), ("es", spanish)):
        texts = [str(fault) for fault in faults_of(path, lang).faults]
        told = [text for text in texts if text.splitlines()[0].endswith(where)]
        assert told, f"nothing is told at {where}:\n" + "\n".join(texts)
        for part in parts:
            assert any(part in text for text in told), f"{part!r} is not told:\n" + "\n".join(told)


@pytest.mark.parametrize(
    ("content", "where", "parts"),
    [
        (b"", "bad.yaml:1", ("nothing", "start the file with schema: 1")),
        (b"# only a remark\n", "bad.yaml:1", ("nothing", "schema")),
        (b"- a\n- b\n", "bad.yaml:1", ("a list of 2", "schema")),
        (b"hello", "bad.yaml:1", ("hello (text)", "schema")),
        (b"schema: 1\nlabel: {es: Ni\xf1ez}\n", "bad.yaml:2", ("f1", "UTF-8")),
        ("schema: 1".encode("utf-16"), "bad.yaml:1", ("ff fe", "UTF-8")),
        (b"schema: 1\x00\n", "bad.yaml:1", ("cannot be read as YAML",)),
        (b"%YAML 1.1\n---\nschema: 1\n", "bad.yaml:2", ("a YAML directive (%)", "remove the line")),
        (b"schema: 1\n" + b"#" * (1 << 20), "bad.yaml", ("more than 1 MiB", "split it with base")),
        (b"a: " + b"[" * 5000, "bad.yaml:1", ("more than 12 levels",)),
        (b"a: " + b"{b: " * 5000, "bad.yaml:1", ("more than 12 levels",)),
        (b"a: [" + b"1, " * 30_000 + b"]", "bad.yaml:1", ("more than 20,000", "split it with base")),
        (
            b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
            "bad.yaml:2",
            ("an alias (*)", "write the whole value"),
        ),
        (b"a: &a\n  b: *a\n", "bad.yaml:2", ("an alias (*)",)),
        (b'a: "\\U99999999"\n', "bad.yaml:1", ("cannot be read as YAML",)),
        (b"schema: " + b"9" * 6000 + b"\n", "bad.yaml:1", ("999", "1, the version")),
    ],
)
def test_files_that_are_no_scenario(
    content: bytes, where: str, parts: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    told = str(faults_of(path, "en"))
    assert where in told
    for part in parts:
        assert part in told
    assert str(faults_of(path, "es")) != told


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    assert "a folder" in str(faults_of(tmp_path, "en"))
    assert "una carpeta" in str(faults_of(tmp_path, "es"))
    missing = str(faults_of(tmp_path / "baselin.yaml", "en"))
    assert "no scenario and no file" in missing
    assert "did you mean: baseline" in missing
    assert "no file" in str(faults_of(Path("x" * 5000), "en"))
    assert "no file" in str(faults_of(Path("a\0b"), "en"))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert len(load_scenario(path).interventions) == 2


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    changes = {
        "schema: 1": "schema: 7",
        "until: 2029-12": "until: 2029-00",
        "rr_poverty: 2.5": "rr_poverty: 99",
    }
    changes |= {"multiply: 1.2": "multiply: no", '["08", "15"]': "[08, Cusco]", "amount: 20": "amount: -1"}
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    faults = faults_of(path, "en").faults
    assert [int(fault.where.split(":")[-1].split()[0]) for fault in faults] == [1, 4, 6, 12, 15, 15, 23]


def test_faults_of_a_base_are_told_with_the_name_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "below.yaml").write_text(GOOD.replace("amount: 0.5", "amount: 9"), encoding="utf-8")
    path = tmp_path / "above.yaml"
    path.write_text("schema: 3\nbase: below.yaml\nlabel: {es: a, en: b}\n", encoding="utf-8")
    told = [fault.where for fault in faults_of(path, "en").faults]
    assert [where.rpartition("/")[2] for where in told] == [
        "above.yaml:1  schema",
        "below.yaml:19  interventions[0].amount",
    ]


def test_a_ring_of_bases_is_a_fault(tmp_path: Path) -> None:
    for own, base in (("a", "b"), ("b", "c"), ("c", "a")):
        text = f"schema: 1\nbase: {base}.yaml\nlabel: {{es: x, en: x}}\n"
        (tmp_path / f"{own}.yaml").write_text(text, encoding="utf-8")
    told = str(faults_of(tmp_path / "a.yaml", "en"))
    assert "c.yaml:2  base" in told
    assert "builds on this very file" in told
