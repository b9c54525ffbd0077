"""How the terms that are counted are written: a bounded dictionary from their hashes."""

from __future__ import annotations

from collections.abc import Callable

from candidates.trends.terms import Term, code_of
from data.batch import I64


class TermNames:
    """Names of terms; those of no cell are forgotten when there are too many."""

    def __init__(self, most: int, holds_back: Callable[[str], bool], held: set[int]) -> None:
        """Puts the codes of terms that `holds_back` knows into `held`."""
        self._most, self._holds_back, self._held = most, holds_back, held
        self._code: dict[tuple[str, str], int] = {}
        self._term: dict[int, Term] = {}

    def __len__(self) -> int:
        return len(self._term)

    def code(self, term: Term) -> int:
        """The hash of a term, which it may be looked up by from now on."""
        code = self._code.get((term.kind, term.key))
        if code is None:
            code = self._code[term.kind, term.key] = code_of(term)
            self._term[code] = term
            if self._holds_back(term.name):
                self._held.add(code)
        return code

    def term(self, code: int) -> Term:
        """The term of a hash, as first written."""
        return self._term[code]

    def prune(self, alive: I64) -> None:
        """Forgets the terms that are not among [C] codes, when there are more than there may be."""
        if len(self._term) <= self._most:
            return
        kept = set(alive.tolist())
        self._term = {code: term for code, term in self._term.items() if code in kept}
        self._code = {(term.kind, term.key): code for code, term in self._term.items()}
        self._held &= kept

    def saved(self) -> list[Term]:
        """All terms."""
        return list(self._term.values())

    def restore(self, terms: list[list[str]]) -> None:
        """Takes what `saved` gave."""
        for one in terms:
            self.code(Term(*one))  # type: ignore[arg-type]
