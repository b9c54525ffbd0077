"""The community views with a recipe for tiny graphs, in the places of the catalogue's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from features.catalogue import CATALOGUE
from features.graph.simclusters import SimClusters
from features.views import communities as views

RECIPE = SimClusters(min_followers=1, min_common=1, min_members=1, min_similarity=0.01)
SNAPSHOT = views.communities(RECIPE)
USER, AUTHOR, TWEET = (replace(view, snapshot=SNAPSHOT) for view in (views.USER, views.AUTHOR, views.TWEET))


@contextmanager
def loose() -> Iterator[None]:
    """Every account with a follower is a producer, and every one of them counts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("USER", "AUTHOR", "TWEET"):
            patch.setitem(CATALOGUE, globals()[name].name, f"{__name__}:{name}")
        yield
