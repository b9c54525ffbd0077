"""Folders and files that are written whole: at a path is always one complete version, whatever is killed when."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import ConfigError


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """An empty folder to write into; it takes the place of `folder` when the block ends without an error.

    A kill between the two moves leaves the older version beside its place; `present` puts it back.
    """
    staging, replaced = (folder.with_name(f".{folder.name}.{what}") for what in ("partial", "replaced"))
    present(folder)
    for old in (staging, replaced):
        shutil.rmtree(old, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(replaced)
    staging.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def present(folder: Path) -> Path:
    """`folder` itself, its older version back in place where a writer was killed between its two moves."""
    replaced = folder.with_name(f".{folder.name}.replaced")
    if not folder.exists() and replaced.exists():
        replaced.rename(folder)
    return folder


def check_file(path: Path) -> None:
    """Refuses a file that cannot be written, so that nothing is computed for it in vain; makes nothing.

    Raises:
        ConfigError: it is a folder or a device, or no folder on the way to it may be written to.
    """
    there = next((one for one in path.absolute().parents if one.exists()), path)
    problem = ""
    if not path.name or path.is_dir():
        problem = "it is a folder"
    elif path.exists() and not path.is_file():
        problem = "it is a device or a pipe, which a file written whole would replace"
    elif not there.is_dir():
        problem = f"{there} is no folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        problem = f"nothing can be written to {there}"
    if problem:
        raise ConfigError(f"{path} cannot be written: {problem}", remedy="name another file")


def write_file(path: Path, text: str) -> None:
    """Writes a file for a reader, whole or not at all; folders on the way are made.

    Raises:
        ConfigError: nothing can be written there.
    """
    check_file(path)
    staging = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            staging.write_text(text, encoding="utf-8")
            staging.replace(path)
        finally:
            staging.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", remedy="name another file") from error
