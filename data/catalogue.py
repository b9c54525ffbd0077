"""Resolves `module:Name` to the thing itself, so that a catalogue of many imports only what is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from data.errors import ConfigError


def resolve(target: str) -> Any:
    """The attribute that `package.module:Name` points to, imported now."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def lookup(kind: str, catalogue: Mapping[str, str], name: str) -> Any:
    """The entry `name` of a catalogue of `kind`s.

    Raises:
        ConfigError: no such entry; the message lists those there are.
    """
    if name not in catalogue:
        raise ConfigError(f"unknown {kind} {name!r}", remedy=f"choose one of {', '.join(sorted(catalogue))}")
    return resolve(catalogue[name])
