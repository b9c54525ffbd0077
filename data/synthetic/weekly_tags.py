"""Hashtags of a weekday: everyone's habit, so that many posts carry one on its day, and yet no trend."""

from __future__ import annotations

import numpy as np
import polars as pl

from data.batch import I64

_TAGS = """
MondayLadder TuesdayTinkering WednesdayWander ThursdayLantern FridayUnwind SaturdayPantry SundayShelf
月曜のはしご 火曜のねじ 水曜の寄り道 木曜の灯り 金曜のほどけ 土曜の台所 日曜の本棚
LunesDeEscalera MartesDeTuercas MiércolesDeVereda JuevesDeFarol ViernesSinNudos SábadoDeAlacena DomingoDeEstante
SegundaDaEscada TerçaDasPorcas QuartaDoAtalho QuintaDoLampião SextaSemNós SábadoDaDespensa DomingoDaEstante
월요일사다리 화요일나사 수요일샛길 목요일등불 금요일풀림 토요일부엌 일요일책장
"""
WEEKLY_TAGS: tuple[str, ...] = tuple(_TAGS.split())
"""Hashtags without #, seven a language of LANGUAGE_CODES, Monday's first."""


def weekly_tag(language: I64, weekday: I64) -> I64:
    """[N] rows of WEEKLY_TAGS for rows of LANGUAGE_CODES and weekdays (0 is Monday)."""
    out: I64 = language * 7 + weekday
    return out


def weekly_tag_table() -> pl.DataFrame:
    """One row a hashtag: `tag`, `language` (row of LANGUAGE_CODES) and `weekday` (0 is Monday, by local time)."""
    row = np.arange(len(WEEKLY_TAGS))
    return pl.DataFrame({"tag": WEEKLY_TAGS, "language": row // 7, "weekday": row % 7})
