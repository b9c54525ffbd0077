"""A folder is the old version or the new one, whole, whatever happens to its writer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data.errors import ConfigError
from data.folders import check_file, present, write_file, written_whole


def _write(folder: Path, text: str) -> None:
    with written_whole(folder) as room:
        (room / "a").write_text(text)
        (room / "b").write_text(text)


def test_a_version_replaces_the_one_before_and_leaves_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    for text in ("old", "new"):
        _write(folder, text)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "new", "b": "new"}
    assert [path.name for path in folder.parent.iterdir()] == ["state"]


def test_a_writer_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    _write(folder, "old")
    with pytest.raises(FileNotFoundError), written_whole(folder) as room:
        (room / "no such folder" / "b").write_text(str((room / "a").write_text("new")))
    assert (folder / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_kill_between_the_moves_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "state"
    _write(folder, "old")
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if path.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        _write(folder, "new")
    monkeypatch.undo()
    assert not folder.exists()
    assert (present(folder) / "a").read_text() == "old"
    _write(folder, "newer")
    assert (folder / "b").read_text() == "newer"


def test_a_file_is_written_whole_or_its_place_is_named(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "page.html"
    for text in ("old", "new"):
        write_file(file, text)
    with pytest.raises(UnicodeEncodeError):
        write_file(file, "half \ud800")
    assert file.read_text() == "new"
    for place in (file.parent, file / "below.html"):
        with pytest.raises(ConfigError, match="cannot be written"):
            write_file(place, "never")
    assert [path.name for path in tmp_path.rglob("*")] == ["deep", "page.html"]


def test_a_file_that_cannot_be_is_refused_before_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "it is a folder"),
        (Path("/"), "it is a folder"),
        (tmp_path / "file" / "below", "file is no folder"),
        (tmp_path / "pipe", "a device or a pipe"),
    ):
        for write in (check_file, lambda path: write_file(path, "new")):
            with pytest.raises(ConfigError, match=f"cannot be written: .*{said}"):
                write(path)
    check_file(tmp_path / "file")
    check_file(tmp_path / "deep" / "down")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "pipe"]
    assert (tmp_path / "pipe").is_fifo()
