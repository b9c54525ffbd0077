"""A whole catalogue ranked for many readers, masked and measured, beside the same arithmetic and beside LensKit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from data.batch import F32, F64, Ragged
from experiments.bench.harness import Case
from ranking.metrics.accuracy import FORMULAS
from ranking.metrics.ranked import Ranking
from ranking.slate.catalogue_topk import best_of_vectors

ITEMS, DIM, K = 100_000, 64, 20
_ENGAGED, _HELD_OUT, _BLOCK = 60, 20, 256


class CatalogueBench:
    """100,000 items of 64 numbers; the best 20 of each reader without what was engaged, and six metrics of them."""

    peer = (
        "the bare loop: matrix product, mask, argpartition and sort in NumPy, ties left to chance, no metrics; "
        "LensKit (where it is installed): its pipeline for the same vectors and its NDCG, recall and hit rate"
    )

    def cases(self) -> Iterator[Case]:
        """A block of an evaluation, and fewer readers where the peer goes reader by reader."""
        readers, items, known, held_out = _made(1_024)
        yield Case(
            f"{len(readers):,} x {ITEMS:,} x {DIM} beside the bare loop",
            lambda: evaluated(readers, items, known, held_out),
            lambda: _bare_loop(readers, items, known),
            len(readers) * len(items),
            "scores",
        )
        if find_spec("lenskit") is not None:
            few = 128
            part = readers[:few], items, known.part(0, few), held_out.part(0, few)
            yield Case(
                f"{few} x {ITEMS:,} x {DIM} beside LensKit",
                lambda: evaluated(*part),
                lenskit_evaluation(*part),
                few * len(items),
                "scores",
            )


def evaluated(readers: F32, items: F32, known: Ragged, held_out: Ragged) -> dict[str, F64]:
    """Our side: what `rookery evaluate` does with a retriever's vectors."""
    ranking = Ranking.of_hits(best_of_vectors(readers, items, K, known).hits(held_out), held_out.lengths)
    return {name: formula(ranking) for name, formula in FORMULAS.items()}


def _made(count: int) -> tuple[F32, F32, Ragged, Ragged]:
    """Vectors, and for each reader what was engaged and what was held out."""
    rng = np.random.default_rng(1)
    readers, items = (rng.normal(size=(n, DIM)).astype(np.float32) for n in (count, ITEMS))
    drawn = [rng.choice(ITEMS, _ENGAGED + _HELD_OUT, replace=False) for _ in range(count)]
    known = Ragged.from_lists([np.sort(one[:_ENGAGED]) for one in drawn])
    return readers, items, known, Ragged.from_lists([np.sort(one[_ENGAGED:]) for one in drawn])


def _bare_loop(readers: F32, items: F32, known: Ragged) -> Any:
    best = []
    for start in range(0, len(readers), _BLOCK):
        scores = readers[start : start + _BLOCK] @ items.T
        mine = known.part(start, start + len(scores))
        scores[mine.owner, mine.values] = -np.inf
        first = np.argpartition(-scores, K, axis=1)[:, :K]
        order = np.argsort(-np.take_along_axis(scores, first, axis=1), axis=1)
        best.append(np.take_along_axis(first, order, axis=1))
    return np.concatenate(best)


def lenskit_evaluation(readers: F32, items: F32, known: Ragged, held_out: Ragged) -> Callable[[], Any]:
    """LensKit's side: its matrix factorisation holds our vectors; one process, as starting more costs seconds."""
    from lenskit.als import ImplicitMFScorer
    from lenskit.batch import recommend
    from lenskit.data import ItemListCollection, from_interactions_df
    from lenskit.metrics import NDCG, Hit, Recall, RunAnalysis
    from lenskit.pipeline import topn_pipeline

    # Every item is in the training data, by a reader who is not evaluated.
    engaged = _frame(known)
    every = pd.DataFrame({"user_id": len(readers), "item_id": np.arange(len(items))})
    data = from_interactions_df(pd.concat([engaged, every]))
    scorer = ImplicitMFScorer(embedding_size=DIM, epochs=1, user_embeddings="prefer")
    scorer.users, scorer.items = data.users, data.items
    scorer.user_embeddings = np.concatenate([readers, readers[:1]])
    scorer.item_embeddings = items
    pipeline = topn_pipeline(scorer, n=K)
    for name in ("history-lookup", "candidate-selector"):
        pipeline.node(name).component.train(data)
    test = ItemListCollection.from_df(_frame(held_out), ["user_id"])
    users = list(range(len(readers)))

    def run() -> Any:
        found = recommend(pipeline, users, n=K, n_jobs=1)
        return RunAnalysis(NDCG(K), Recall(K), Hit(K)).measure(found, test)

    return run


def _frame(lists: Ragged) -> pd.DataFrame:
    return pd.DataFrame({"user_id": lists.owner, "item_id": lists.values})
