"""Values of Secrets as files, shells and editors damage them, and what they were before. Pure.

The suite's own passwords and tokens, and InfluxDB's, are printable ASCII without white space.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from typing import Final

_WHOLE: Final = re.compile(r"[!-~]+")
_QUOTES: Final = "'\"`"
_OF_TWO_BYTES: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def clean(value: bytes) -> bytes:
    """The value in UTF-8, without a byte order mark and the white space around it that ``echo`` and editors leave.

    What is no text stays as it is.
    """
    try:
        return _text(value).encode()
    except UnicodeDecodeError:
        return value


def likely(value: bytes) -> list[str]:
    """What a token may have been, the likeliest first: unbroken, without quotes, not encoded once more.

    Which of them is right, only the service knows that takes it. There is none where no token can have been like that.
    """
    unbroken = "".join(clean(value).decode(errors="replace").split())
    bare = unbroken.strip(_QUOTES)
    return [one for one in dict.fromkeys((unbroken, bare, _decoded(bare))) if _WHOLE.fullmatch(one)]


def _decoded(text: str) -> str:
    """The text that the text is the Base64 of; empty where it is none."""
    try:
        return _text(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):  # the latter of characters beyond ASCII, and of what is no text inside
        return ""


def _text(value: bytes) -> str:
    encoding = "utf-16" if value.startswith(_OF_TWO_BYTES) else "utf-8-sig"
    return value.decode(encoding).strip()
