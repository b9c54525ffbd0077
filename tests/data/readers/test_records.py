"""Records are found as RFC 4180 has it (Python's csv module is the judge), and a broken one costs no other."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import DataError
from data.readers.files import TAB, Layout, header_of, read_parquet, read_text

NAMES = ("a", "b", "c")
FIELD = st.text(st.sampled_from('x7 é語🐦,"\n\t;'), max_size=6)
ROWS = st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=12)
BROKEN = st.sampled_from([
    b'1,"2,3', b'1,2"2,3', b'1,"2"x,3', b"1,2", b"1,2,3,4", b"1,\xe9,3", b"1,\xed\xa0\x80,3", b"1,\xc0\xaf,3",
])  # fmt: skip


def _write(rows: list[tuple[str, ...]], end: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL if end == "\r\n" else csv.QUOTE_MINIMAL).writerows(rows)
    return out.getvalue().encode()


def _file(folder: str, content: bytes, name: str = "f.csv") -> Path:
    path = Path(folder) / name
    path.write_bytes(content)
    return path


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_every_field_and_line_number_is_as_the_csv_module_has_it(
    rows: list[tuple[str, ...]], end: str, mark: bool, closed: bool
) -> None:
    content = (b"\xef\xbb\xbf" if mark else b"") + _write([NAMES, *rows], end)
    content = content if closed else content.removesuffix(end.encode())
    judge = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    expected = [(judge.line_num, row) for row in judge if any(one.strip() for one in row) or len(row) > 1][1:]
    with tempfile.TemporaryDirectory() as folder:
        lines = read_text(_file(folder, content), NAMES)
    got = lines.keep(lines.frame.with_row_index("at"), skip_bad=False)
    assert [[one or "" for one in row[1:]] for row in got.rows()] == [row for _, row in expected]
    starts = [1 + sum(row.count("\n") + 1 for row in ["".join(one) for one in [NAMES, *rows][:at]])
              for at in range(1, len(rows) + 1)]  # fmt: skip
    lines.refuse(pl.Series([True] * len(lines)), "a", "wrong")
    with pytest.raises(DataError, match=f"f.csv line {starts[0]}: "):
        lines.keep({}, skip_bad=True)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.tuples(FIELD, FIELD, FIELD), BROKEN), min_size=1, max_size=12))
def test_a_broken_line_is_counted_and_swallows_no_other(lines: list[tuple[str, ...] | bytes]) -> None:
    good = [one for one in lines if isinstance(one, tuple)] + [("the", "last", "one")]
    # A quoted field after a stray quote could close it: `"2,3` and then `",",b,c` has no one reading.
    good = [tuple(re.sub('[\n",]', "", field) for field in row) for row in good]
    parts, at, broken = [b"a,b,c\n"], 2, []
    rest = iter(good)
    for one in lines:
        broken += [at] if isinstance(one, bytes) else []
        parts.append(one + b"\n" if isinstance(one, bytes) else _write([next(rest)], "\n"))
        at += 1
    parts.append(_write([next(rest)], "\n"))
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, b"".join(parts))
        found = read_text(path, NAMES)
        kept = found.keep(found.frame, skip_bad=True)
        if broken:
            with pytest.raises(DataError, match=f"f.csv line {broken[0]}: "):
                found.keep(found.frame, skip_bad=False)
    assert [tuple(one or "" for one in row) for row in kept.rows()] == good
    assert sum(one.lines for one in found.skipped) == len(broken)


def test_a_quote_that_never_closes_ends_with_its_line(tmp_path: Path) -> None:
    path = _file(str(tmp_path), b'a,b,c\n1,"2,3\n4,5,6\n7,"8,9\n10,"11\n12",13\n14,15,16\n')
    lines = read_text(path, NAMES)
    assert lines.keep(lines.frame, skip_bad=True).rows() == [
        ("4", "5", "6"),
        ("10", "11\n12", "13"),
        ("14", "15", "16"),
    ]
    assert [(one.lines, one.first) for one in lines.skipped] == [(2, [2, 4])]


def test_without_a_quote_all_signs_are_ordinary(tmp_path: Path) -> None:
    path = _file(str(tmp_path), b'a\tb\tc\n1\t7" wide\t"\n\t\t\n2\t\t3\n')
    assert read_text(path, NAMES, TAB).frame.rows() == [("1", '7" wide', '"'), ("2", None, "3")]


def test_a_file_without_a_header_may_have_shorter_lines(tmp_path: Path) -> None:
    path = _file(str(tmp_path), b"1\x012\x013\n4\x015\n6\n")
    lines = read_text(path, ["c", "a"], Layout("\x01", None, NAMES, fewer=(2,)))
    assert lines.keep(lines.frame, skip_bad=True).select("a", "c").rows() == [("1", "3"), ("4", None)]
    assert [(one.reason, one.first) for one in lines.skipped] == [("the line does not have 3 fields", [3])]


PARTS = st.text(st.sampled_from("x7 é:;\x1f"), max_size=4).map(lambda text: text.replace("::", "").strip(":"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(PARTS, PARTS, PARTS), min_size=1, max_size=8), st.sampled_from(["::", "||", " ::: "]))
def test_separators_of_several_characters_are_as_python_splits_them(rows: list[tuple[str, ...]], by: str) -> None:
    content = "".join(by.join(row) + "\n" for row in [*rows, ("the", "last", "one")])
    expected = [line.split(by) for line in content.split("\n")[:-1]]
    with tempfile.TemporaryDirectory() as folder:
        lines = read_text(_file(folder, content.encode()), NAMES, Layout(by, None, NAMES))
    assert [[one or "" for one in row] for row in lines.keep(lines.frame, skip_bad=True).rows()] == expected


def test_a_file_of_separators_may_have_a_header_a_mark_and_broken_lines(tmp_path: Path) -> None:
    path = _file(str(tmp_path), b"\xef\xbb\xbfa::b::c\r\n1::2::3\r\n\r\n4::5\r\n6::\xe9::7\r\n8::9::\xc3\xa9")
    layout = Layout("::", None)
    assert header_of(path, layout) == list(NAMES)
    lines = read_text(path, ["c", "a"], layout)
    assert lines.keep(lines.frame, skip_bad=True).rows() == [("3", "1"), ("é", "8")]
    assert [(one.reason, one.first) for one in lines.skipped] == [
        ("the line is not UTF-8", [5]),
        ("the line does not have 3 fields", [4]),
    ]


def test_a_separator_gives_way_to_no_character_of_the_file(tmp_path: Path) -> None:
    path = _file(str(tmp_path), b"a::b\n\x1f::\x1e\n")
    assert read_text(path, ["a", "b"], Layout("::", None)).frame.rows() == [("\x1f", "\x1e")]
    path = _file(str(tmp_path), b"a::b\n\x1f\x1e\x1d::\x1c\x01\x02\n")
    with pytest.raises(DataError, match=r"f\.csv holds control characters"):
        read_text(path, ["a"], Layout("::", None))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8"])
def test_other_encodings_are_read_as_they_are_named(tmp_path: Path, encoding: str) -> None:
    path = _file(str(tmp_path), 'a,é\n1,"Amélie, 2"\n'.encode(encoding))
    assert read_text(path, ["é"], Layout(encoding=encoding)).frame.rows() == [("Amélie, 2",)]


def test_a_file_that_is_not_of_its_encoding_is_refused(tmp_path: Path) -> None:
    path = _file(str(tmp_path), "a,b\n1,é\n".encode())
    with pytest.raises(DataError, match=r"f\.csv is not ascii: .*position 6.*; name another encoding"):
        read_text(path, ["a"], Layout(encoding="ascii"))
    with pytest.raises(DataError, match=r"line 1 is blank"):
        read_text(_file(str(tmp_path), b"\xff\xfe"), ["a"], Layout(encoding="utf-16"))
    with pytest.raises(DataError, match=r"f\.csv has no rows"):
        read_text(_file(str(tmp_path), b"\xff\xfe"), ["a"], Layout(names=("a",), encoding="utf-16"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "f.csv is empty"),
        (b"\n", "f.csv line 1 is blank; it must name the columns"),
        (b"a,b,c\n", "f.csv has a header and no rows"),
        (b"a,b,c\n\n \n", "f.csv has a header and no rows"),
        (b"a,b\n1,2\n", "f.csv has no column 'c', it has 'a', 'b'"),
        (b"a,b,c,a\n1,2,3,4\n", "f.csv has 2 columns 'a'"),
        (b"a,b,c\r1,2,3\r", r"f.csv line 1 ends in \\r alone; save the file with line ends of Unix or Windows"),
        (b"a,b,%b\n1,2,3\n" % (b"x" * 140_000), "f.csv line 1 does not name columns: field larger than field limit"),
        (b"a,\xe9,c\n1,2,3\n", "f.csv line 1 is not UTF-8"),
        (b'a,"b,c\n1,2,3\n', "f.csv line 1 has a quote that does not close"),
        (b"\x1f\x8b\x08\x00abc", "f.csv cannot be unpacked.*; download it again"),
        (b"PK\x03\x04abc", "f.csv cannot be unpacked"),
        (b"a;b;c\n1;2;3\n", r'f.csv has no column .a.*separated by ";": import it .* with separator = ";"'),
        (b"a\tb\tc\n1\t2\t3\n", r'separator = "\\t"'),
        (b"a::b::c\n1::2::3\n", r'separator = "::"'),
        (b"196,242,3\n1,2,3\n", r"if line 1 is no header, name all columns in a mapping: columns = \[\.\.\.\]"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_text(_file(str(tmp_path), content), NAMES)


def test_missing_files_and_files_that_are_no_parquet_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv does not exist"):
        header_of(tmp_path / "gone.csv")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_parquet(_file(str(tmp_path), b"a,b\n", "f.parquet"), ["a"])
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "gone.parquet", ["a"])
    pl.DataFrame({"a": []}, schema={"a": pl.Int64}).write_parquet(tmp_path / "g.parquet")
    with pytest.raises(DataError, match=r"g\.parquet has no rows"):
        read_parquet(tmp_path / "g.parquet", ["a"])
    with pytest.raises(DataError, match="has no column 'b', it has 'a'"):
        read_parquet(tmp_path / "g.parquet", ["b"])
