"""What calls of the offline engine share: texts that were read and tables of the follow graph."""

from __future__ import annotations

from dataclasses import dataclass, field

from features.graph.follow_snapshots import SnapshotTables
from features.text.tables import TextTables


@dataclass(frozen=True)
class OfflineCache:
    """Owner of both; calls with the same owner read texts and make tables only once."""

    texts: TextTables = field(default_factory=TextTables)
    snapshots: SnapshotTables = field(default_factory=SnapshotTables)
