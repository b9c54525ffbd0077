"""A figure that a notebook shows as a picture, with or without a plotting backend."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Picture(Figure):
    """A Matplotlib figure, drawn without a display."""

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        room = io.BytesIO()
        self.savefig(room, format="png")
        return room.getvalue()
