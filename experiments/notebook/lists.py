"""Each user's best items as a frame, for notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from data.home_folder import home_folder
from experiments.evaluation.list_files import WriteLists
from experiments.evaluation.recommend import RecommendConfig
from experiments.evaluation.recommend import recommend as run
from experiments.notebook.display import shown_progress
from experiments.notebook.own_parts import DatasetOrFolder, opened
from experiments.runs.config import validate


@dataclass(frozen=True)
class _Frames:
    """Lists that are kept."""

    parts: list[pl.DataFrame] = field(default_factory=list)

    @contextmanager
    def writing(self, tag: str) -> Iterator[WriteLists]:
        """See `ListSink`."""
        yield self.parts.append


def recommend(
    dataset: DatasetOrFolder, model: str, users: Sequence[str] | None = None, *, k: int = 20, split: str = "auto"
) -> pl.DataFrame:
    """The best items of users, without those that they are known to have engaged with, as `evaluate` judges them.

    Args:
        model: an alias, a version, a run id, a folder, or a name of a scorer that needs no training.
        users: ids as the imported log has them; all users when None.
        k: length of a list.
        split: whose training part is known, as for `evaluate`; `none`: the whole log is.

    Returns:
        `user`, `item`, `rank` from 1 and `score`, best first.

    Raises:
        NotFoundError: no model of that reference, or a user that the data set does not have.
        DataError: the data set holds tweets, which age, or a user is named twice.
        ModelError: the model learned from another split.

    Example:
        >>> rookery.recommend(log, "popularity", ["1", "2"], k=10)
    """
    data, config = opened(dataset), validate(RecommendConfig, {"k": k, "split": split}, source="the arguments")
    people = None if users is None else [str(one) for one in users]
    kept = _Frames()
    with shown_progress(f"recommend {model}") as progress:
        run(data, model, people, config, kept, home_folder(), progress)
    return pl.concat(kept.parts)
