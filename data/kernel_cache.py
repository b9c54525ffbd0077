"""Where compiled loops are kept, and when they are compiled again.

Numba's own cache looks at the file of a loop alone. But machine code also holds what it took from other modules: loops
that were copied into it, layouts of named tuples, constants. Here a loop's files are named by all source that it may
depend on, so that a change of any of it compiles the loop again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the packages."""

_IMPORT = re.compile(r"^from ([\w.]+) import (?:\(([^)]*)\)|(.*))$", re.MULTILINE)
_COMPILED = re.compile(r"data\.kernel import|\bnjit\b|\bNamedTuple\b")
"""Marks a module that defines loops, how they are compiled, or the named tuples that they take."""


_STAMP = re.compile(r"-\d+-([0-9a-f]{16})\.py\d+")
"""In the name of a file of machine code: line, then stamp."""


def depends_on(source: Path) -> frozenset[Path]:
    """The files of ours whose source may be part of the loops of `source`, itself among them."""
    found: set[Path] = set()
    new = [source.resolve()]
    while new:
        file = new.pop()
        if file not in found:
            found.add(file)
            new += _imported(file)
    return frozenset(found)


@cache
def stamp(source: Path) -> str:
    """A hash of all source that the loops of `source` may depend on."""
    files = sorted(depends_on(source))
    return sha256(b"".join(sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:16]


@cache
def _imported(file: Path) -> tuple[Path, ...]:
    """Modules of ours from which `file` takes a constant, or anything where loops or named tuples are defined."""
    found = []
    for module, inside, line in _IMPORT.findall(file.read_text(encoding="utf-8")):
        path = ROOT.joinpath(*module.split("."))
        names = re.findall(r"\w+", inside or line)
        for one in (path.with_suffix(".py"), *(path / f"{name}.py" for name in names)):
            if one.is_file() and (any(name.isupper() for name in names) or _COMPILED.search(one.read_text("utf-8"))):
                found.append(one)
    return tuple(found)


@cache
def _drop_earlier(folder: Path, source: Path) -> None:
    """Removes from `folder` the machine code of the loops of `source` as it was before; nothing would read it again."""
    for kept in folder.glob(f"{source.stem}.*.nb[ic]"):
        made = _STAMP.search(kept.name)
        if made is not None and made[1] != stamp(source):
            with contextlib.suppress(OSError):  # another process does the same, or may not
                kept.unlink()


class _Stamped:
    """Names the files of a loop by the stamp of its source, if that is ours, and drops those of earlier source.

    A source that is reached through a link shares the machine code of the file itself.
    """

    _py_file: str
    _lineno: int

    def __init__(self, function: Callable[..., object], file: str) -> None:
        locator: Any = super()
        locator.__init__(function, str(Path(file).resolve()))

    def get_disambiguator(self) -> str:
        """What distinguishes a loop's files from those of others, and of its own earlier source."""
        file = Path(self._py_file)
        return f"{self._lineno}-{stamp(file)}" if file.is_relative_to(ROOT) else str(self._lineno)

    def ensure_cache_path(self) -> None:
        """Makes the folder where it is missing."""
        locator: Any = self
        super().ensure_cache_path()  # type: ignore[misc]
        file = Path(self._py_file)
        if file.is_relative_to(ROOT):
            _drop_earlier(Path(locator.get_cache_path()), file)


class InNamedFolder(_Stamped, UserProvidedCacheLocator):  # type: ignore[misc]
    """Machine code in the folder that `NUMBA_CACHE_DIR` names, if it does."""


class BesideSource(_Stamped, InTreeCacheLocator):  # type: ignore[misc]
    """Machine code in `__pycache__` beside the source."""


class OfUser(_Stamped, UserWideCacheLocator):  # type: ignore[misc]
    """Machine code in the user's cache folder, where the source's folder cannot be written."""


def keep_compiled() -> None:
    """Makes Numba keep our loops by these rules; loops of notebooks and of other packages stay as they were."""
    ours = [f"{__name__}.{one.__name__}" for one in (InNamedFolder, BesideSource, OfUser)]
    config: Any = numba.config
    config.CACHE_LOCATOR_CLASSES = ",".join([*ours, "IPythonCacheLocator", "ZipCacheLocator"])
