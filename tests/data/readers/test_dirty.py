"""One clean log in the ways that files come back from spreadsheets, data frames and editors: each gives the same
engagements and says what was repaired, or is refused in one line. None is silently another log."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from data.dataset import Dataset
from data.errors import DataError
from data.readers import read_log

AT = 1_700_000_000
PAIRS = [(1, 10), (2, 20), (1, 20), (3, 10)]
LOG = "user,item,at,stars\n" + "".join(f"{user},{item},{AT + at},{1 + at}\n" for at, (user, item) in enumerate(PAIRS))
ITEMS = "item,title\n10,Hat\n20,Café\n"
TOML = """
[log]
file = "log.csv"
user = "user"
item = "item"
time = "at"
value = "stars"
constants.action = "rate"
[items]
file = "items.csv"
id = "item"
text = ["title"]
"""
CLEAN = [(user, item, (AT + at) * 10**6, float(1 + at)) for at, (user, item) in enumerate(PAIRS)]

Dirt = Callable[[str], str | bytes]


def _column(at: int, change: Callable[[str], str]) -> Dirt:
    """Changes a column on all lines after the header."""

    def dirty(text: str) -> str:
        lines = [line.split(",") for line in text.splitlines()]
        for line in lines[1:]:
            line[at] = change(line[at])
        return "".join(",".join(line) + "\n" for line in lines)

    return dirty


def _clean(text: str) -> str:
    return text


def _import(folder: Path, log: Dirt = _clean, items: Dirt = _clean, toml: Callable[[str], str] = _clean) -> Dataset:
    (folder / "m.toml").write_text(toml(TOML), encoding="utf-8")
    for name, dirty, text in (("log.csv", log, LOG), ("items.csv", items, ITEMS)):
        content = dirty(text)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_log("mapping", folder / "m.toml", folder / "out")


def _events(dataset: Dataset) -> list[tuple[object, ...]]:
    return dataset.scan("engagements").select("user_id", "tweet_id", "time_us", "value").collect().rows()


def test_the_clean_log_has_nothing_to_tell_but_its_default(tmp_path: Path) -> None:
    dataset = _import(tmp_path)
    assert _events(dataset) == CLEAN
    assert [one["what"] for one in dataset.config["notes"]] == ["no `time`: items count from their first event"]


REPAIRED: dict[str, tuple[dict[str, Callable[..., object]], str]] = {
    "a byte order mark": ({"log": lambda t: b"\xef\xbb\xbf" + t.encode()}, ""),
    "a byte order mark on the mapping": ({"toml": lambda t: "\ufeff" + t}, ""),
    "line ends of Windows": ({"log": lambda t: t.replace("\n", "\r\n")}, ""),
    "no line end at last": ({"log": lambda t: t.rstrip()}, ""),
    "blank lines": ({"log": lambda t: t.replace("\n", "\n\n") + "  \n"}, ""),
    "quotes everywhere": ({"log": lambda t: '"' + t.strip().replace(",", '","').replace("\n", '"\n"') + '"\n'}, ""),
    "a semicolon, as said": (
        {"log": lambda t: t.replace(",", ";"), "toml": lambda t: t.replace("[items]", 'separator=";"\n[items]')},
        "",
    ),
    "latin-1, as said": ({"items": lambda t: t.encode("latin-1"), "toml": lambda t: t + 'encoding = "latin-1"\n'}, ""),
    "users as floats": ({"log": _column(0, lambda one: f"{one}.0")}, "4 values like '1.0' were taken as whole numbers"),
    "items as floats beside": ({"items": _column(0, lambda one: f"{one}.0")}, "2 values like '10.0' were taken"),
    "padded users, as said": (
        {"log": _column(0, lambda one: one.zfill(4)), "toml": lambda t: 'user_ids = "integer"\n' + t},
        "4 values with leading zeros, like '0001', were taken as whole numbers",
    ),
    "blanks around ids": ({"log": _column(1, lambda one: f" {one}\u00a0")}, "4 values had blanks around them"),
    "blanks around all": ({"log": lambda t: t.replace(",", " , ").replace(" , ", ",", 3)}, "had blanks around them"),
    "milliseconds, as said": (
        {
            "log": _column(2, lambda one: f"{one}000"),
            "toml": lambda t: t.replace("[items]", 'time_unit = "ms"\n[items]'),
        },
        "",
    ),
    "an unknown column": ({"log": lambda t: t.replace("\n", ",x\n")}, "dropped"),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_what_can_be_undone_gives_the_same_engagements_and_is_told(tmp_path: Path, name: str) -> None:
    dirt, words = REPAIRED[name]
    dataset = _import(tmp_path, **dirt)  # type: ignore[arg-type]
    assert _events(dataset) == CLEAN
    assert dict(dataset.scan("tweets").select("tweet_id", "text").collect().iter_rows()) == {10: "Hat", 20: "Café"}
    found = [one["what"] for one in dataset.config["notes"] if not one["what"].startswith("no `time`")]
    assert any(words in one for one in found) if words else found == []


def test_lines_that_stand_twice_and_a_misspelt_header_are_told(tmp_path: Path) -> None:
    dataset = _import(tmp_path, log=lambda t: t + t.splitlines()[-1] + "\n")
    assert _events(dataset) == [*CLEAN, CLEAN[-1]]
    assert any("1 engagement repeats another one's" in one["what"] for one in dataset.config["notes"])
    dataset = _import(
        tmp_path,
        log=lambda t: t.replace("stars", "ratting"),
        toml=lambda t: t.replace('value = "stars"\n', ""),
    )
    assert {"file": "log.csv", "what": "dropped; did you mean `value`?", "columns": ["ratting"],
            "warning": True} in dataset.config["notes"]  # fmt: skip


KEYS = '{{"user":{},"item":{},"at":{},"stars":{}}}\n'
LINES = "".join(KEYS.format(*row) for row in [(u, i, AT + at, 1 + at) for at, (u, i) in enumerate(PAIRS)])


def _json_lines(folder: Path, lines: str | bytes, name: str = "log.jsonl") -> Dataset:
    (folder / name).write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    return _import(folder, toml=lambda t: t.replace("log.csv", "log.jsonl"))


JSON_REPAIRED: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "as it is": (lambda t: t, ""),
    "a byte order mark and line ends of Windows": (lambda t: b"\xef\xbb\xbf" + t.replace("\n", "\r\n").encode(), ""),
    "blank lines and no end": (lambda t: t.replace("\n", "\n\n").rstrip(), ""),
    "ids as texts and floats": (lambda t: t.replace('"user":1', '"user":"1"').replace('"item":20', '"item":20.0'), ""),
    "another key": (lambda t: t.replace("}", ',"price":3}'), "dropped"),
    "a key that is missing where it may be": (lambda t: t.replace(',"stars":4', ""), "1 lines lack it"),
}


@pytest.mark.parametrize("name", JSON_REPAIRED)
def test_json_lines_give_the_same_engagements(tmp_path: Path, name: str) -> None:
    dirty, words = JSON_REPAIRED[name]
    dataset = _json_lines(tmp_path, dirty(LINES))
    wanted = [(*row[:3], None) if "missing" in name and row[3] == 4 else row for row in CLEAN]
    assert _events(dataset) == wanted
    assert not words or any(words in one["what"] for one in dataset.config["notes"])


@pytest.mark.parametrize(
    ("dirty", "words"),
    [
        (lambda t: t.replace(',"item":10', "", 1), "log.jsonl line 1: item is '', an id is needed"),
        (lambda t: t.replace('"item"', '"itm"'), "has no key 'item', it has 'user', 'itm'.*did you mean 'itm'"),
        (lambda t: t + "{'user': 1}\n", "line 5: the line is no JSON object"),
        (lambda t: t + "[1, 2]\n", "line 5: the line is no JSON object"),
        (lambda t: "[" + t.strip().replace("\n", ",") + "]", "is one JSON array; write an object a line"),
        (lambda t: t.replace(f"{AT}", f"{AT}000"), 'in milliseconds it is 2023-11-14: set time_unit = "ms"'),
        (lambda t: t.encode("utf-16"), "no JSON object"),
    ],
)
def test_json_lines_that_do_not_fit_are_refused(tmp_path: Path, dirty: Dirt, words: str) -> None:
    with pytest.raises(DataError, match=words) as refused:
        _json_lines(tmp_path, dirty(LINES))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("anything", content)
    return out.getvalue()


def _zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, "zstd", asbytes=True))


PACK = {"gz": gzip.compress, "zip": _zip, "zst": _zstd, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_packed_files_are_read_by_their_own_name_or_with_an_ending(tmp_path: Path, ending: str, form: str) -> None:
    packed = PACK[ending]((LOG if form == "csv" else LINES).encode())
    (tmp_path / f"log.{form}.{ending}").write_bytes(packed)
    for name in (f"log.{form}", f"log.{form}.{ending}"):
        (tmp_path / "m.toml").write_text(TOML.replace("log.csv", name))
        (tmp_path / "items.csv").write_text(ITEMS)
        assert _events(read_log("mapping", tmp_path / "m.toml", tmp_path / "out")) == CLEAN
    (tmp_path / f"log.{form}.{ending}").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match="cannot be unpacked"):
        read_log("mapping", tmp_path / "m.toml", tmp_path / "again")


REFUSED: dict[str, tuple[dict[str, Callable[..., object]], str]] = {
    "a misspelt header": (
        {"log": lambda t: t.replace("stars", "satrs")},
        "log.csv has no column 'stars', it has 'user', .*did you mean",
    ),
    "UTF-16": ({"log": lambda t: t.encode("utf-16")}, "log.csv line 1 is not UTF-8"),
    "latin-1": ({"items": lambda t: t.encode("latin-1")}, "items.csv line 3: the line is not UTF-8"),
    "a semicolon": ({"log": lambda t: t.replace(",", ";")}, 'log.csv has no column .*with separator = ";"'),
    "line ends of old": ({"log": lambda t: t.replace("\n", "\r")}, r"log.csv line 1 ends in \\r alone"),
    "padded against unpadded": (
        {"items": _column(0, lambda one: one.zfill(4))},
        "with and without leading zeros: '0010'",
    ),
    "lost digits": (
        {"log": _column(0, lambda one: f"{one}.23457E+18")},
        "user is '1.23457E.18', which has lost digits",
    ),
    "milliseconds": (
        {"log": _column(2, lambda one: f"{one}000")},
        'in milliseconds it is 2023-11-14: set time_unit = "ms"',
    ),
    "ISO for seconds": ({"log": _column(2, lambda _: "20231114T221320Z")}, 'as ISO 8601 .* set time_format = "iso"'),
    "decimal commas": ({"log": _column(3, lambda one: f'"{one},5"')}, "stars is '1,5', not a number"),
    "a stray quote": ({"log": lambda t: t.replace("1,20", '1,2"0')}, 'log.csv line 4: the line has a stray "'),
    "a comma in a field": (
        {"items": lambda t: t.replace("Hat", "Hat, red")},
        "line 2: the line does not have 2 fields",
    ),
    "no ids": ({"log": _column(1, lambda _: "")}, "item is '', an id is needed"),
    "headers of nothing": ({"log": lambda t: "\n" + t}, "log.csv line 1 is blank"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_undone_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    dirt, words = REFUSED[name]
    with pytest.raises(DataError, match=words) as refused:
        _import(tmp_path, **dirt)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()
