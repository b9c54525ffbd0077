"""Users by handle and name, with typos, and their completion by prefix.

A typo is one insertion, deletion, change or swap of neighbours (the optimal string alignment distance of Damerau and
Levenshtein). A word of up to 2 characters takes none, one of up to 5 takes 1, a longer one 2. Each word of a query must
be near a word of the user: the handle, or a word of the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from candidates.search.prefixes import Prefixes
from data.batch import I64, Array, Mask
from data.events import EventBatch
from data.ids import IdIndex
from data.kernel import kernel
from data.tweet_text import fold
from features.state.append_buffer import AppendBuffer
from features.state.columns import Columns, Spec

MAX_WORD = 32
"""Characters of a word that are compared; what is longer is cut."""
_FAR = 9
"""A distance beyond any that counts."""
_PREFIX = 3
"""What a word costs that begins with the query's: more than any typo."""

Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class FoundUsers:
    """Users that a query found, best first."""

    user_ids: I64
    """[n]"""
    distances: I64
    """[n] typos, summed over the query's words; a word of which only the beginning was typed counts 3."""


class _Users(Columns):
    """What is known of each user, by row."""

    verified: Mask
    followers: I64
    known: Mask
    SPEC: ClassVar[Spec] = {
        "verified": (np.bool_, False, 0), "followers": (np.int64, 0, 0), "known": (np.bool_, False, 0),
    }  # fmt: skip


class People:
    """Accounts, fed by rows of `users` and `follows`."""

    def __init__(self) -> None:
        """Nobody."""
        self._ids = IdIndex()
        self._users = _Users()
        self._handles: dict[str, int] = {}
        self._prefixes = Prefixes()
        self._words = AppendBuffer(owner=np.int64, begin=np.int64, length=np.int64, letters=np.uint64)
        self._codes = AppendBuffer(code=np.uint32)

    def __len__(self) -> int:
        return int(self._users.known.sum())

    def update(self, events: EventBatch) -> None:
        """Takes rows of `users` or `follows`; an account that comes again keeps its first name."""
        if events.table == "users":
            self._add(events)
        elif events.table == "follows":
            rows = self._rows(events.columns["followee_id"])
            change = np.where(events.columns["ended"].astype(np.bool_), -1, 1)
            np.add.at(self._users.followers, rows, change)
            self._prefixes.weights[rows] = self._users.followers[rows]

    def account(self, user: str) -> int:
        """The id of an account by its handle in lower case; of digits that are no handle, the number; else -1."""
        if user in self._handles:
            return self._handles[user]
        return int(user) if user.isdecimal() and len(user) <= 18 else -1

    def verified(self, user_ids: I64) -> Mask:
        """[n] whether each has the verified mark."""
        rows = self._ids.rows(user_ids)
        marked: Mask = (rows >= 0) & self._users.verified[rows] if len(self._ids) else np.zeros(len(rows), np.bool_)
        return marked

    def complete(self, prefix: str, limit: int = 10, *, hidden: I64 | None = None) -> I64:
        """Ids of up to `limit` users with a handle, name or later part of it that begins so, most followed first."""
        key = _plain(prefix.lstrip("@＠ "))
        if not key.strip():
            return np.empty(0, np.int64)
        return self._shown(self._prefixes.complete(key, limit + _count(hidden)), hidden)[:limit]

    def search(self, query: str, limit: int = 10, *, hidden: I64 | None = None) -> FoundUsers:
        """Users near `query`: the fewest typos first, then the most followed, then the older account.

        Args:
            query: words of names or a handle.
            limit: the most users.
            hidden: ids of users who are left out.
        """
        words = _plain(query.replace("@", " ").replace("＠", " ")).split()[:8]
        if not words or not len(self._ids):
            return FoundUsers(np.empty(0, np.int64), np.empty(0, np.int64))
        total = np.zeros(len(self._ids), np.int64)
        for word in words:
            near = np.full(len(self._ids), _FAR, np.int64)
            _near(self._words, self._codes["code"], word[:MAX_WORD], near)
            total = np.where((total < _FAR) & (near < _FAR), total + near, 10 * _FAR)
        rows = np.flatnonzero(total < 10 * _FAR)
        if hidden is not None:
            rows = rows[~np.isin(self._ids.ids[rows], hidden)]
        best = rows[np.lexsort((rows, -self._users.followers[rows], total[rows]))][:limit]
        return FoundUsers(self._ids.ids[best], total[best])

    def _add(self, events: EventBatch) -> None:
        rows = self._rows(events.columns["user_id"])
        fresh = ~self._users.known[rows]
        self._users.known[rows] = True
        self._users.verified[rows] = events.columns["verified"]
        handles = _texts(events, "username")
        names = _texts(events, "name")
        keys: list[str] = []
        owners: list[int] = []
        words: list[tuple[int, str]] = []
        ids = events.columns["user_id"].tolist()
        for at in np.flatnonzero(fresh).tolist():
            row, handle, name = int(rows[at]), _plain(handles[at]), _plain(names[at])
            if handle:
                self._handles[handle] = ids[at]
            parts = name.split()
            of_user = dict.fromkeys([*([handle] if handle else []), *(" ".join(parts[i:]) for i in range(len(parts)))])
            keys += of_user
            owners += [row] * len(of_user)
            words += [(row, word[:MAX_WORD]) for word in dict.fromkeys([*([handle] if handle else []), *parts])]
        self._prefixes.add(keys, owners)
        self._keep(words)

    def _keep(self, words: Sequence[tuple[int, str]]) -> None:
        if not words:
            return
        lengths = np.array([len(word) for _, word in words], np.int64)
        codes = np.frombuffer("".join(word for _, word in words).encode("utf-32-le", "surrogatepass"), np.uint32)
        begin = len(self._codes) + np.cumsum(lengths) - lengths
        letters = np.array([_letters(word) for _, word in words], np.uint64)
        self._codes.append(codes)
        self._words.append(np.array([row for row, _ in words], np.int64), begin, lengths, letters)

    def _rows(self, ids: I64) -> I64:
        rows = self._ids.add(ids)
        self._users.resize(len(self._ids))
        self._prefixes.resize(len(self._ids))
        return rows

    def _shown(self, rows: I64, hidden: I64 | None) -> I64:
        ids = self._ids.ids[rows]
        return ids if hidden is None else ids[~np.isin(ids, hidden)]


def _count(hidden: I64 | None) -> int:
    return 0 if hidden is None else len(hidden)


def _plain(text: str) -> str:
    return " ".join(fold(text).split()) + (" " if text[-1:].isspace() and text.strip() else "")


def _texts(events: EventBatch, name: str) -> list[str]:
    values: Array = events.columns.get(name, np.full(len(events), "", object))
    return [str(one) for one in values.tolist()]


def _letters(word: str) -> int:
    """64 bits, one for each letter by its code: a typo changes at most two of them."""
    bits = 0
    for one in word:
        bits |= 1 << (ord(one) & 63)
    return bits


def _near(words: AppendBuffer, codes: Codes, word: str, near: I64) -> None:
    typos = 0 if len(word) <= 2 else 1 if len(word) <= 5 else 2
    asked = np.frombuffer(word.encode("utf-32-le", "surrogatepass"), np.uint32)
    _distances(
        words["owner"], words["begin"], words["length"], words["letters"], codes, asked, np.uint64(_letters(word)),
        typos, near,
    )  # fmt: skip


@kernel
def _distances(
    owner: I64, begin: I64, length: I64, letters: NDArray[np.uint64], codes: Codes, asked: Codes,
    asked_letters: np.uint64, typos: int, near: I64,
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Lowers `near` [users] to the distance of `asked` from each user's words, `_PREFIX` where it begins one."""
    n = len(asked)
    rows = np.empty((3, 40), np.int64)
    for at in range(len(owner)):
        m = length[at]
        word = codes[begin[at] : begin[at] + m]
        if m > n and near[owner[at]] > 3:
            same = 0
            while same < n and word[same] == asked[same]:
                same += 1
            if same == n:
                near[owner[at]] = 3
        if abs(m - n) > typos:
            continue
        differ = letters[at] ^ asked_letters
        count = 0
        while differ != 0 and count <= 2 * typos:
            differ &= differ - np.uint64(1)
            count += 1
        if count > 2 * typos:
            continue
        for j in range(m + 1):
            rows[0, j] = j
        for i in range(1, n + 1):
            row, before, older = rows[i % 3], rows[(i - 1) % 3], rows[(i - 2) % 3]
            row[0] = i
            for j in range(1, m + 1):
                best = before[j - 1] + (asked[i - 1] != word[j - 1])
                best = min(best, before[j] + 1, row[j - 1] + 1)
                if i > 1 and j > 1 and asked[i - 1] == word[j - 2] and asked[i - 2] == word[j - 1]:
                    best = min(best, older[j - 2] + 1)
                row[j] = best
        found = rows[n % 3, m]
        if found <= typos and found < near[owner[at]]:
            near[owner[at]] = found
