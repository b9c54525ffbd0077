"""Where a run keeps what it makes: worlds, indexes, caches and MLflow's store, never the source tree's packages."""

from __future__ import annotations

import os
from pathlib import Path


def home_folder() -> Path:
    """`ROOKERY_HOME`, or `var/` under the current folder."""
    return Path(os.environ.get("ROOKERY_HOME") or "var").expanduser().resolve()
