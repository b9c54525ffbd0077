"""Resolves `module:Name` to what it names, so that a catalogue imports only what is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeVar

from data.errors import ConfigError

T = TypeVar("T")


def resolve(target: str) -> Any:
    """The attribute that `package.module:Name` points to, imported now."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was meant, if it can be guessed: one that begins so, or a close one; empty without any."""
    names = list(known)
    if begun := [one for one in names if name and one.casefold().startswith(name.casefold())]:
        return min(begun, key=len)
    return next(iter(get_close_matches(name.casefold(), names, 1)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'popularity'? `, to begin a remedy with; empty where nothing is near."""
    near = nearest(name, known)
    return f"did you mean {near!r}? " if near else ""


def entry(kind: str, catalogue: Mapping[str, T], name: str) -> T:
    """The entry `name` of a catalogue of `kind`s.

    Raises:
        ConfigError: no such entry; the message lists those there are.
    """
    if name not in catalogue:
        remedy = f"{did_you_mean(name, catalogue)}choose one of {', '.join(sorted(catalogue))}"
        raise ConfigError(f"unknown {kind} {name!r}", remedy=remedy)
    return catalogue[name]


def lookup(kind: str, catalogue: Mapping[str, str], name: str) -> Any:
    """What the entry `name` of a catalogue of `kind`s points to.

    Raises:
        ConfigError: no such entry; the message lists those there are.
    """
    return resolve(entry(kind, catalogue, name))
