"""Trains under torchrun, started once, all that `test_ddp` compares with one process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from data.dataset import Dataset
from ranking.processes import joined
from tests.ranking.training import line_task
from tests.ranking.training.rankers import long_requests
from tests.ranking.training.two_tower import shelves


def main(folder: Path) -> None:
    """Trains on the logs in `folder`; writes the curves there, and the weights of the line."""
    with joined() as me:
        line_task.main(folder / "state", folder / "line", 0)
        towers = shelves.curves(Dataset.open(folder / "shelves"), Dataset.open(folder / "short"))
        rankers = long_requests.curves()
        if me.rank == 0:
            (folder / "curves.json").write_text(json.dumps(towers | rankers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
