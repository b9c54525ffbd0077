"""What a killed run goes on from: weights, the best weights, the optimizers' state and the history, after each epoch.

    <folder>/state.json           whose run it is, the epoch, the history
    <folder>/state.safetensors    model.*, best.*, optimizer<i>.<parameter>.<name>

The folder is written whole: a kill leaves the last complete epoch. Learning rates and random numbers follow from the
step and from (seed, epoch), so they are not kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from data.errors import ConfigError, ModelError
from data.folders import present, written_whole

_CARD, _TENSORS = "state.json", "state.safetensors"

State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Position:
    """Where a run stands after an epoch."""

    epoch: int = 0
    """Epochs done."""
    best_epoch: int = 0
    """The one with the lowest watched number; 0 before the first."""
    history: list[dict[str, float]] = field(default_factory=list)
    """What was measured each epoch."""


@dataclass(frozen=True)
class Checkpoint:
    """A run's folder."""

    folder: Path
    of: Mapping[str, Any]
    """What makes the run this run (config, data hash, seed), as plain JSON: another's checkpoint is refused."""

    @property
    def epoch(self) -> int:
        """Epochs that the run has behind it; 0 where there is no checkpoint.

        Raises:
            ModelError: it is damaged.
        """
        card = present(self.folder) / _CARD
        try:
            return int(json.loads(card.read_text())["epoch"]) if card.exists() else 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"checkpoint {self.folder} is damaged: {error}", remedy="remove the folder") from error

    def save(
        self,
        position: Position,
        model: Mapping[str, torch.Tensor],
        best: Mapping[str, torch.Tensor],
        optimizers: Sequence[torch.optim.Optimizer],
    ) -> None:
        """Replaces what is there."""
        tensors = {f"model.{name}": value for name, value in model.items()}
        tensors |= {f"best.{name}": value for name, value in best.items()}
        for at, optimizer in enumerate(optimizers):
            for key, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer{at}.{key}.{name}": torch.as_tensor(value) for name, value in state.items()}
        card = {"of": self.of, "epoch": position.epoch, "best_epoch": position.best_epoch, "history": position.history}
        with written_whole(self.folder) as folder:
            # A clone each: safetensors takes no two names for one piece of memory.
            plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
            save_file(plain, folder / _TENSORS)
            (folder / _CARD).write_text(json.dumps(card, indent=1))

    def load(self, module: torch.nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> tuple[Position, State]:
        """Puts module and optimizers where the killed run was; returns its position and the best weights.

        Without a checkpoint nothing changes and the position is that of a new run.

        Raises:
            ConfigError: the checkpoint is of another config, data set or seed.
            ModelError: it is damaged.
        """
        folder = present(self.folder)
        if not (folder / _CARD).exists():
            return Position(), {}
        try:
            card = json.loads((folder / _CARD).read_text())
            self._refuse_another(card["of"])
            tensors = load_file(folder / _TENSORS)
            module.load_state_dict(_under(tensors, "model."))
            for at, optimizer in enumerate(optimizers):
                _restore(optimizer, _under(tensors, f"optimizer{at}."))
            position = Position(card["epoch"], card["best_epoch"], list(card["history"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
            detail = " ".join(str(error).split())[:200]
            raise ModelError(f"checkpoint {folder} is damaged: {detail}", remedy="remove the folder") from error
        return position, _under(tensors, "best.")

    def remove(self) -> None:
        """Forgets the run: it has finished."""
        shutil.rmtree(present(self.folder), ignore_errors=True)

    def _refuse_another(self, of: Mapping[str, Any]) -> None:
        wanted, of = _flat(json.loads(json.dumps(self.of))), _flat(of)
        changed = [key for key in {**of, **wanted} if of.get(key) != wanted.get(key)]
        if changed:
            theirs, mine = of.get(changed[0]), wanted.get(changed[0])
            raise ConfigError(
                f"checkpoint {self.folder} is of another run: its {changed[0]} is {theirs!r}, not {mine!r}",
                remedy="remove the folder or name another",
            )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _under(tensors: Mapping[str, torch.Tensor], prefix: str) -> State:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _restore(optimizer: torch.optim.Optimizer, tensors: State) -> None:
    state: dict[int, State] = {}
    for name, value in tensors.items():
        key, _, what = name.partition(".")
        state.setdefault(int(key), {})[what] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
