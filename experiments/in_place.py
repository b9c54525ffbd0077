"""What an action model says of impressions where they stood, as it can be held against what came of them."""

from __future__ import annotations

import numpy as np

from data.batch import F32, Array, CandidateBatch
from ranking.scorer import Scorer


def probabilities_in_place(scorer: Scorer, batch: CandidateBatch, position: Array) -> dict[str, F32]:
    """Each action's calibrated probability [N] for candidates at the places [N] of a feed, 0 the top.

    `predict` asks as if every candidate stood on top, where it is looked at most; what came of an impression came of it
    at its place. Networks learn what a place adds to every logit, tabular models have it among their inputs. Empty for
    a scorer without probabilities, or one of which nothing is known about places.
    """
    if not hasattr(scorer, "predict"):
        return {}
    # Whoever has such a model has these modules, too; nobody else waits for them.
    from scipy.special import expit, logit

    from ranking.models.heavy import HeavyRanker
    from ranking.models.sequence import SequenceRanker
    from ranking.scorers.tabular import Boosting, Logistic, place

    at = position.astype(np.float32)
    if isinstance(scorer, Logistic | Boosting):
        p = scorer.of_inputs(scorer.config.inputs.matrix(batch.column, len(batch)), at)
    elif isinstance(scorer, HeavyRanker | SequenceRanker):
        added = place(at) @ scorer.net.position.weight.detach().numpy()
        p = expit(logit(scorer.raw(batch).astype(np.float64)) + added[:, None])
    else:
        return {}
    calibrated = scorer.calibration(p) * scorer.taken.astype(np.float32)
    return {action: calibrated[:, a] for a, action in enumerate(scorer.actions)}
