"""The command line as a person types it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.cli.__main__ import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `rookery WORDS`; gives the exit code, stdout and stderr."""

    def command(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rookery", *(str(word) for word in words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return command
