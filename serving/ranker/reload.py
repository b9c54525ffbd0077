"""Newer versions of the loaded models take the place of the older ones while requests are answered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from data.batch import I64
from data.errors import RookeryError
from serving.aliases import CHAMPION
from serving.context import Context
from serving.kit.closing import check_open
from serving.model import ServedModel

log = logging.getLogger("rookery.serving")

_AT_ONCE = 1024
"""Tweets that are encoded in one turn on the owner's thread: some milliseconds, between which requests are answered."""


def reload_models(context: Context, closing: threading.Event) -> dict[str, str]:
    """Asks the registry what each alias stands for now, and ranks by what changed; returns alias to new version.

    A model is fetched in the calling thread and tried out beside the older one, which answers until then. What cannot
    be loaded or tried leaves the older one in its place.

    Raises:
        NotFoundError: an alias is gone.
        ModelError: a model cannot be loaded, does not fit the network, or its scores are not finite.
        ClosingError: the network was closed meanwhile.
    """
    aliases, changed = context.aliases, dict[str, str]()
    if aliases.source is None:
        return changed
    with context.building:
        for alias, old in aliases.models.items():
            if aliases.source.version(alias) == old.version:
                continue
            model = aliases.source.fetch(alias)
            aliases.check(model)
            _take_over(context, alias, model, closing)
            changed[alias] = model.version
            log.warning(
                "%s is %s version %s now, in place of version %s", alias, model.name, model.version, old.version
            )
    return changed


def _take_over(context: Context, alias: str, model: ServedModel, closing: threading.Event) -> None:
    """Warms a model up on the owner's thread, in short turns, then puts it in the place of the older one."""
    parts, old = context.projections, context.aliases.models[alias]
    try:
        rows = context.call(_living, context)
        for at in range(0, len(rows), _AT_ONCE):
            check_open(closing)
            context.call(_encode, context, model, rows[at : at + _AT_ONCE])
        context.call(lambda: parts.ready(model).try_out(context.now_us()))
    except BaseException:
        context.call(parts.forget, model)
        raise

    def put() -> None:
        if alias == CHAMPION:
            parts.rank_homes_by(model, context.now_us())
        context.aliases.put(alias, model)
        parts.forget(old)

    context.call(put)


def _living(context: Context) -> I64:
    return context.state.network.alive(context.now_us(), context.settings.feed.max_age_h)


def _encode(context: Context, model: ServedModel, rows: I64) -> None:
    context.projections.ready(model).encode(rows, context.now_us())


class Poll:
    """A thread that has the models reloaded at intervals; a failure is logged and tried again at the next."""

    def __init__(self, every_s: float, reload: Callable[[], object], closing: threading.Event) -> None:
        """Calls `reload` every so many seconds until the network is `closing`."""
        self._every_s, self._reload, self._closing = every_s, reload, closing
        self._thread = threading.Thread(target=self._run, name="rookery-reload", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Waits for the reload under way, once the network is closing."""
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            try:
                self._reload()
            except RookeryError as error:
                log.error("the models stay as they are: %s", error)
            except Exception:
                log.exception("the models stay as they are")
