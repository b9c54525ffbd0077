"""Tables of counts as arrays to save: only the rows that hold something, as most of the fixed memory is empty."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from candidates.trends.layout import CELLS, SKETCHES, Tables
from data.batch import I64, Array


def packed(tables: Tables) -> dict[str, Array]:
    """The rows in use of each table by its name, and which they are by `NAME.rows` where not all are."""
    out: dict[str, Array] = {}
    rows = _rows_in_use(tables)
    for name, array in tables._asdict().items():
        if name in rows:
            out[f"{name}.rows"] = rows[name]
        out[name] = array[rows[name]] if name in rows else array
    return out


def unpack(arrays: Mapping[str, Array], empty: Tables) -> Tables:
    """What `packed` gave, in the tables `empty` of the same configuration."""
    tables = empty._replace(log=arrays["log"])
    for name, array in tables._asdict().items():
        if name != "log":
            array[arrays[f"{name}.rows"] if f"{name}.rows" in arrays else slice(None)] = arrays[name]
    return tables


def _rows_in_use(t: Tables) -> dict[str, I64]:
    cells, sketches = np.arange(t.state[CELLS]), np.arange(t.state[SKETCHES])
    seasons = np.flatnonzero(t.season_key)
    return {
        **dict.fromkeys(("info", "aged", "key", "name", "store"), cells),
        **dict.fromkeys(("sketches", "top"), sketches),
        "slots": np.flatnonzero(t.slots[:, 0]),
        "recent": np.flatnonzero((t.recent[:, 0] != 0) | (t.recent[:, 1] != 0)),
        "season_key": seasons,
        "season": seasons,
        "place_hours": np.flatnonzero(t.place_hours[:, :, 1].any(axis=1)),
    }
