"""What all live views read: kept by the feature state and updated before the views."""

from __future__ import annotations

from dataclasses import dataclass

from features.graph.follow_snapshots import FollowGraph
from features.state.history import History
from features.state.network import NetworkState
from features.state.seen import Seen
from features.state.texts import Texts


@dataclass(frozen=True, slots=True)
class Shared:
    """Rows and graph, histories, what was seen, what text understanding made of the tweets, and tables of the follow
    graph. Views read it and never write it."""

    network: NetworkState
    history: History
    seen: Seen
    texts: Texts
    follow_graph: FollowGraph
