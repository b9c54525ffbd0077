"""The line that people read of an error that a library raised over a disk, a file or a store."""

from __future__ import annotations

from collections.abc import Iterator

from data.errors import RookeryError

_FULL = ("no space left", "disk is full", "quota exceeded", "file too large")
_NOT_OURS = ("read-only file system", "readonly database", "unable to open database file", "permission denied")
_ELSEWHERE = "name another home: ROOKERY_HOME=DIR"


def error_line(error: Exception) -> str | None:
    """One line that names the cause and the remedy; None for an error of the program itself."""
    if isinstance(error, RookeryError):
        return str(error)
    if (place := next(filter(None, map(_of_place, _causes(error))), None)) is not None:
        return place
    if isinstance(error, OSError):
        named = error.filename is not None
        return f"{error.filename}: {error.strerror}; check the path and who may use it" if named else None
    return _of_library(error)


def _of_place(error: BaseException) -> str | None:
    """An error of where something was to be written, whichever library found it."""
    said = str(error).lower()
    if any(sign in said for sign in _FULL):
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename is not None else ""
        return f"no space is left where it was to be written{where}; make room, or {_ELSEWHERE}"
    if not isinstance(error, OSError) and any(sign in said for sign in _NOT_OURS):
        return f"it cannot be written: {_first_line(error)}; see who may write there, or {_ELSEWHERE}"
    return None


def _of_library(error: Exception) -> str | None:
    """An error of a table, MLflow's store or a database, by its name: the libraries are not imported for it."""
    kind, library = type(error).__name__, type(error).__module__.partition(".")[0]
    if (kind, library) == ("ComputeError", "polars"):
        return f"a table cannot be read: {_first_line(error)}; find the file: rookery data describe DIR --verify"
    if kind == "MlflowException":
        return f"MLflow's store refuses: {_first_line(error)}; look at it: mlflow ui"
    if library in ("sqlalchemy", "sqlite3"):
        return f"a database cannot be used: {_first_line(error)}; move it away, or {_ELSEWHERE}"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]
