"""The generated page in a quarter of its size: script and data compressed, and no text in it twice.

The generator puts its program and every file into the page as base64, each file as often as results name it. Here each
distinct text is kept once, all are compressed together, and a few lines of script (packed.html) give them back to the
program when the page is opened. Nothing is left out.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline_services.reporting.allure import node
from pipeline_services.reporting.text_cache import kept

LOADER: Final = node.PROJECT / "packed.html"
_SMALL, _FAST = 9, 4
"""How hard is tried: for the program, which is the same in every run, and for the files."""
_PROGRAM: Final = re.compile(r'<script\s+src="data:text/javascript;base64,([^"]*)"></script>')
_DATA: Final = re.compile(r"<script defer>\s*Promise\.allSettled\(\[([^\]]*)\]\)\s*\.then\(.*?</script>", re.DOTALL)
_FILE: Final = re.compile(r'd\("([^"]+)","([^"]*)"\)')
_WORDS: Final[Mapping[str, str]] = {'"broken":"broken"': '"broken":"inconclusive"'}
"""What the page calls a state, and what everything else here calls it."""


def packed(page: str, folder: Path) -> str:
    """The page with its program and its files compressed.

    Args:
        folder: keeps the compressed program for the next run.

    Raises:
        node.PageUnavailable: the page is not built as it was, so the generator has changed.
    """
    program, data = _PROGRAM.search(page), _DATA.search(page)
    if program is None or data is None or program.start() > data.start():
        raise node.PageUnavailable("the generated page has no program or no data that could be packed")
    files = json.dumps(_files(dict(_FILE.findall(data[1]))), ensure_ascii=False)
    small = kept(folder, f"{_WORDS}{program[1]}", lambda: _compressed(_program(program[1]), _SMALL))
    loader = (
        LOADER.read_text(encoding="utf-8").replace("@PROGRAM@", small).replace("@FILES@", _compressed(files, _FAST))
    )
    return page[: program.start()] + loader + page[data.end() :]


def _compressed(text: str, level: int) -> str:
    return base64.b64encode(gzip.compress(text.encode(), level, mtime=0)).decode()


def _program(encoded: str) -> str:
    program = base64.b64decode(encoded).decode()
    for theirs, ours in _WORDS.items():
        if theirs not in program:
            raise node.PageUnavailable(f"the generated page does not say {html.escape(theirs)} any more")
        program = program.replace(theirs, ours)
    return program


def _files(encoded: Mapping[str, str]) -> dict[str, object]:
    """Each distinct text once, and which file has which; what is no text stays as it is."""
    places: dict[str, int] = {}
    names: dict[str, int] = {}
    binaries: dict[str, str] = {}
    for name, content in encoded.items():
        try:
            text = base64.b64decode(content).decode()
        except UnicodeDecodeError:
            binaries[name] = content
            continue
        names[name] = places.setdefault(text, len(places))
    return {"texts": list(places), "names": names, "binaries": binaries}
