"""A full catalogue's users as single requests with all their candidates, to hold blocks of users against."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.batch import Ragged
from experiments.evaluation.protocols.full_catalogue import FullCatalogue
from experiments.evaluation.protocols.request import Step
from features.online import FeatureState


def steps_of(protocol: FullCatalogue, state: FeatureState) -> Iterator[Step]:
    """One step a user."""
    for users in protocol.users(state, 512):
        for at in range(len(users.requests)):
            rows = np.delete(users.items, users.known[at])
            request = users.requests.take(np.array([at]))
            batch = state.base(request, Ragged(np.array([0, len(rows)], np.int64), rows))
            relevant = np.isin(rows, users.items[users.relevant[at]])
            ids = int(users.request_id[at]), int(request.columns["user_id"][0])
            yield Step(batch, *ids, relevant, np.full(len(rows), -1), np.zeros(len(rows), np.int64))
