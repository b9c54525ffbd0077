"""HTML pages that stand alone: one style, and pictures inside the file."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from data.folders import write_file

STYLE = (
    "body{font:15px/1.5 system-ui;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;font-size:14px}td,th{padding:.3rem .8rem .3rem 0;text-align:left;"
    "vertical-align:top;border-bottom:1px solid #e5e5e5}a{color:inherit}"
    ".met .v{color:#18794e}.missed .v{color:#b42318;font-weight:600}.no td{color:#777}"
    "section{border-top:1px solid #e5e5e5;margin-top:1.5rem}h2{font-size:1.1rem;margin:.8rem 0 .2rem}"
    "p{margin:.2rem 0}.note{color:#555}"
    "figure{display:inline-block;margin:.6rem 1rem 0 0}img{width:26rem;max-width:100%}"
)


def write_page(path: Path, title: str, body: str) -> None:
    """Writes a page, whole or not at all; folders on the way are made. `body` is HTML, `title` is not.

    Raises:
        ConfigError: nothing can be written there.
    """
    text = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style>{body}</html>\n"
    )
    write_file(path, text)


def rows_of(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; cells are escaped."""
    head = "".join(f"<th>{escape(one)}" for one in heads)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}" for cell in row) for row in rows)
    return f"<table><tr>{head}{lines}</table>"


def picture(canvas: Any, title: str) -> str:
    """A Matplotlib figure as part of a page."""
    room = io.BytesIO()
    canvas.savefig(room, format="png")
    data = base64.b64encode(room.getvalue()).decode()
    return f'<figure><img alt="{escape(title)}" src="data:image/png;base64,{data}"></figure>'
