"""Packed files: gzip, Zstandard, bzip2, xz, and ZIP of one file, known by their first bytes and unpacked in memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from data.errors import DataError

PACKED = (".gz", ".zst", ".zip", ".bz2", ".xz")
"""What a packed file may have after its name."""

_GZIP, _ZSTD, _ZIP, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"BZh", b"\xfd7zXZ"


def stored(path: Path) -> Path:
    """The file as it is there: `path`, or else the one with the ending of a packed file; `path` where there is none."""
    if path.exists():
        return path
    return next((one for end in PACKED if (one := path.with_name(path.name + end)).is_file()), path)


def unpacked(path: Path) -> Path | bytes:
    """What a file holds: itself where it is not packed, else its bytes.

    Raises:
        DataError: it is damaged, or a ZIP file with other than one file.
    """
    with path.open("rb") as file:
        begin = file.read(8)
    try:
        if begin.startswith(_GZIP):
            return gzip.decompress(path.read_bytes())
        if begin.startswith(_ZSTD):
            with pa.input_stream(str(path), compression="zstd") as stream:
                return bytes(stream.read())
        if begin.startswith(_BZIP2):
            return bz2.decompress(path.read_bytes())
        if begin.startswith(_XZ):
            return lzma.decompress(path.read_bytes())
        if begin.startswith(_ZIP):
            return _only_member(path)
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, ValueError) as error:
        raise DataError(f"{path} cannot be unpacked: {error}", remedy="download it again") from error
    return path


@contextmanager
def folder_of(source: Path) -> Iterator[Path]:
    """The folder of a log: `source`, or what a ZIP file of several files holds, unpacked until the block ends.

    Raises:
        DataError: the ZIP file is damaged.
    """
    if not (source.is_file() and zipfile.is_zipfile(source)) or len(_members(source)) < 2:
        yield source
        return
    with tempfile.TemporaryDirectory() as place:
        inside = Path(place) / source.stem
        try:
            with zipfile.ZipFile(source) as archive:
                archive.extractall(inside)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{source} cannot be unpacked: {error}", remedy="download it again") from error
        entries = [one for one in inside.iterdir() if one.name != "__MACOSX"]
        yield entries[0] if len(entries) == 1 and entries[0].is_dir() else inside


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX")]


def _only_member(path: Path) -> bytes:
    names = _members(path)
    if len(names) != 1:
        raise DataError(f"{path} holds {len(names)} files", remedy="unpack it, or name the ZIP file as the log itself")
    with zipfile.ZipFile(path) as archive:
        return archive.read(names[0])
