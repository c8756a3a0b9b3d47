"""The process that makes the page: it can be started before there is anything to make, and loads meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline_services.model.say import Say
from pipeline_services.reporting.allure import node

SCRIPT: Final = node.PROJECT / "generate.mjs"
MADE_WITHIN: Final = 60.0
"""Seconds for a page."""
_LESS_MEMORY: Final = "--max-semi-space-size=1"


class PageMaker:
    """Node with Allure's library.

    Raises:
        node.PageUnavailable: it cannot be installed or started.

    Attributes:
        installed: the folder with the library.
    """

    def __init__(self, say: Say) -> None:
        command, _ = node.node_command()
        self.installed = node.generator(say)
        quick = {"NODE_COMPILE_CACHE": str(self.installed / "compiled"), "NO_COLOR": "1"}
        try:
            # From its own folder: what lies where pytest was started must not matter.
            self._process = subprocess.Popen(
                [str(command), _LESS_MEMORY, str(SCRIPT), str(self.installed)], cwd=self.installed,
                env=os.environ | quick, stdin=-1, stdout=-1, stderr=-1, text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise node.PageUnavailable(f"{Path(command).name} cannot be started: {error.strerror}") from error

    def make(self, config: Mapping[str, Any], files: Mapping[str, str], folder: Path) -> None:
        """Write the page where the configuration says; once.

        Args:
            config: as Allure's configuration file has it.
            files: the results, each one's text by the name of its file.
            folder: with results and attachments beside these; it need not be there.

        Raises:
            node.PageUnavailable: it ended with an error, or took longer than ``MADE_WITHIN``.
        """
        asked = json.dumps({"config": config, "files": files, "folder": str(folder)})
        try:
            said, wrong = self._process.communicate(asked, timeout=MADE_WITHIN)
        except subprocess.TimeoutExpired as error:
            self.close()
            raise node.PageUnavailable(f"node took longer than {MADE_WITHIN:g} s") from error
        code = self._process.returncode
        if code or not (Path(config["output"]) / "index.html").is_file():
            raise node.PageUnavailable(f"node ended with {code} and made no page{node.said(wrong or said)}")

    def close(self) -> None:
        """End it, whatever it does."""
        with self._process:  # which closes its pipes and waits for its end
            self._process.kill()


def loading() -> PageMaker | None:
    """One that loads while other things are done; None where that is not a matter of a moment, or fails."""
    try:
        return PageMaker(lambda _: None) if node.is_installed() else None
    except node.PageUnavailable:
        return None  # whoever asks for the page then is told why
