"""How credible an account is: PageRank on the follow graph of the last midnight in UTC."""

from __future__ import annotations

from collections.abc import Mapping

from data.batch import Array
from features.bases.snapshots import SnapshotView
from features.graph.follow_edges import Edges
from features.graph.follow_snapshots import Snapshot
from features.graph.pagerank import pagerank, score
from features.view import Feature

_DOC = "PageRank on the follow graph, clip(130 + 5.21 ln p, 0, 100); 0 without an edge"


def _credibility(edges: Edges) -> Mapping[str, Array]:
    return {"credibility": score(pagerank(edges))}


CREDIBILITY = Snapshot(_credibility)
AUTHOR = SnapshotView(
    "author.credibility", CREDIBILITY, "author", {"credibility": Feature("author.credibility", _DOC, unit="score")}
)
USER = SnapshotView(
    "user.credibility", CREDIBILITY, "user", {"credibility": Feature("user.credibility", _DOC, unit="score")}
)
