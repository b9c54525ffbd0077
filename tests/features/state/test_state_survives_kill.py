"""Snapshot, kill, restore, replay: the same state as one that was never disturbed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.batch import Ragged
from data.dataset import Dataset
from features.catalogue import features
from features.online import FeatureState
from tests.features.logs import letters

NAMES = [feature.name for feature in features()]
WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.features.logs import letters
from data.dataset import Dataset
from features.online import FeatureState

dataset, folder = Dataset.open(Path(sys.argv[2])), Path(sys.argv[3])
low, high = dataset.time_range_us()
state = FeatureState(letters())
replay = dataset.replay(sorted(state.tables))
for part in range(1, 9):
    for events in replay.advance(low + (high - low) * part // 10):
        state.update(events)
    state.save(folder)
    print(part, flush=True)
while True:
    state.save(folder)
"""


@pytest.mark.slow
@pytest.mark.parametrize("saves", [2, 8], ids=["while events come", "while it saves"])
def test_a_killed_state_restored_and_replayed_is_the_state_that_was_never_killed(
    saves: int, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    folder, root = tmp_path / "state", Path(__file__).parents[3]
    arguments = [sys.executable, "-c", WRITER, str(root), str(tiny_dataset.folder), str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=root) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == saves:
                writer.send_signal(signal.SIGKILL)
                break
    assert writer.returncode == -signal.SIGKILL

    restored, straight = FeatureState.load(folder, letters()), FeatureState(letters())
    assert restored.time_us > tiny_dataset.time_range_us()[0]
    for state, after in ((restored, restored.time_us), (straight, None)):
        for events in tiny_dataset.replay(sorted(state.tables), after_us=after).advance():
            state.update(events)
    assert restored.time_us == straight.time_us
    now = straight.time_us + 1
    users = straight.network.users.ids[::7]
    tweets = straight.network.alive(now)[:50]
    ids = straight.network.tweets.ids[tweets]
    answers = []
    for state in (restored, straight):
        rows = np.tile(state.network.tweets.rows(ids), len(users))
        candidates = Ragged(np.arange(len(users) + 1) * len(ids), rows)
        answers.append(state.lookup(state.base(state.requests(users, now), candidates), NAMES))
    for name in NAMES:
        np.testing.assert_array_equal(answers[0].column(name), answers[1].column(name), err_msg=name)
