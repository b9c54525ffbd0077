"""Converts what the parser does not take: encodings other than UTF-8, separators of several characters.

A whole file is converted at once, in memory, never line by line: UTF-8, and one control character between the fields.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from data.errors import DataError

_SIGNS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x01", b"\x02")
"""What may replace a separator of several characters: the first that the file does not hold."""


def plain_text(path: Path, stored: Path | bytes, separator: str, encoding: str) -> tuple[Path | bytes, str]:
    """What `stored` is, or its bytes where it had to be converted, and the one character between its fields.

    `stored` is the file `path`, or its bytes where it was packed.

    Raises:
        DataError: the file is not of that encoding.
    """
    utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    if utf8 and len(separator) == 1:
        return stored, separator
    content = stored if isinstance(stored, bytes) else stored.read_bytes()
    if not utf8:
        try:
            content = content.decode(encoding).encode()
        except UnicodeError as error:
            raise DataError(f"{path} is not {encoding}: {error}", remedy="name another encoding") from error
    if len(separator) == 1:
        return content, separator
    sign = next((one for one in _SIGNS if one not in content), None)
    if sign is None:
        raise DataError(f"{path} holds control characters", remedy="remove them, or separate by one character")
    return content.replace(separator.encode(), sign), sign.decode()
