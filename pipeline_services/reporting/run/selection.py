"""What kind of run it is: an operator's, which is judged and reported on, or one of the suite's own tests."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

import pytest

DAILY: Final = "daily"
CHAOS: Final = "chaos"
MATRIX: Final = "matrix"
RELEASE: Final = "release"
PRACTICE: Final = "practice"
MONTHLY: Final = "monthly"
SNAPSHOT_MARKERS: Final = (DAILY, "weekly", MONTHLY, PRACTICE)
RUN_MARKERS: Final = (*SNAPSHOT_MARKERS, CHAOS, MATRIX, RELEASE)
FOLDERS: Final = dict.fromkeys(SNAPSHOT_MARKERS, "checks") | dict.fromkeys((CHAOS, MATRIX, RELEASE), "chaos")
TESTS: Final = "tests"
LIVE: Final = "live"
_WORD: Final = re.compile(r"[a-z_]+", re.IGNORECASE)
_NEARLY: Final = 0.75
"""How alike two words are, from 0 to 1, of which one is mistyped for the other."""
_LIVE_NAMED: Final = re.compile(rf"\b{LIVE}\b")
_NAMED: Final = re.compile(rf"(?<!\bnot )\b({'|'.join(RUN_MARKERS)})\b")


def choose_paths(config: pytest.Config) -> None:
    """Without a path on the command line, collect only the folders that the marker expression can select from.

    Without a run marker that is the suite's own tests. Those that need the cluster, and break things in it, run only
    where ``-m`` names ``live``: neither a bare ``pytest`` nor ``pytest -m "not slow"`` touches a cluster.
    """
    elsewhere = config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR and run_markers(config)
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS or elsewhere:
        wanted = dict.fromkeys(FOLDERS[marker] for marker in run_markers(config)) or {TESTS: None}
        config.args = [str(config.rootpath / folder) for folder in wanted]
    expression = config.getoption("markexpr") or ""
    if not run_kind(config) and not run_markers(config) and not _LIVE_NAMED.search(expression):
        config.option.markexpr = f"({expression}) and not {LIVE}" if expression else f"not {LIVE}"


def run_markers(config: pytest.Config) -> list[str]:
    """Which of daily, weekly, monthly, practice, chaos, matrix and release ``-m`` asks for."""
    return _NAMED.findall(config.getoption("markexpr") or "")


def require_no_mistyped_run(config: pytest.Config) -> None:
    """Say at once what pytest would say of a marker once it has imported every test.

    Raises:
        pytest.UsageError: a word of ``-m`` is no marker, and nearly one of a run.
    """
    known = {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
    for word in _WORD.findall(config.getoption("markexpr") or ""):
        meant = get_close_matches(word, RUN_MARKERS, n=1, cutoff=_NEARLY)
        if meant and word not in known:
            raise pytest.UsageError(f"-m {word}: there is no such marker; did you mean {meant[0]}?")


def require_this_checkout(config: pytest.Config) -> None:
    """Say that pytest has found the pytest.ini of another checkout, whose checks it would run.

    It takes a folder behind an option that it does not know yet, such as ``--candidate FOLDER``, for a test path.

    Raises:
        pytest.UsageError: the folder that pytest was started in is another checkout.
    """
    started_in = config.invocation_params.dir
    ini = started_in / "pytest.ini"
    is_checkout = ini.is_file() and __name__.rpartition(".")[0] in ini.read_text(encoding="utf-8", errors="replace")
    if config.inipath and is_checkout and started_in != config.rootpath and not config.getoption("inifilename"):
        raise pytest.UsageError(
            f"pytest takes {config.rootpath} for the checkout. "
            "Next: a = between an option and its file or folder, as in --candidate=FOLDER"
        )


def require_a_run(config: pytest.Config, given: Collection[str]) -> None:
    """Say that nothing would be judged: without a run marker pytest would run the suite's own tests.

    Args:
        given: the options that say what is judged.

    Raises:
        pytest.UsageError: there is such an option, and nothing to judge it by.
    """
    if given and not run_kind(config) and not run_markers(config):
        raise pytest.UsageError(
            f"{next(iter(given))} is for a run that judges a pipeline, and no run is named. Next: add -m daily "
            f"(or {', '.join(RUN_MARKERS[1:])})"
        )


def require_a_cluster(config: pytest.Config, snapshot: object) -> None:
    """Say that a file cannot be broken, before something else is.

    Raises:
        pytest.UsageError: a snapshot is to be judged by a run that makes faults.
    """
    breaking = [kind for kind in (run_kind(config), *run_markers(config)) if kind in (CHAOS, MATRIX, RELEASE)]
    if snapshot and breaking:
        raise pytest.UsageError(f"--snapshot judges a file, and {breaking[0]} needs a cluster: leave one of them out")


def wants_upkeep(config: pytest.Config) -> bool:
    """Whether a weekly or a monthly review is among what ``-m`` asks for."""
    return bool({"weekly", "monthly"} & set(run_markers(config)))


def wants_depth(config: pytest.Config) -> bool:
    """Whether more of the cluster is to be read than the daily checks judge."""
    return PRACTICE in run_markers(config)


def run_kind(config: pytest.Config) -> str | None:
    """What the operator runs: the first run marker of ``-m``, or what the folders on the command line hold.

    None for anything that is not about the pipeline, and where cases are only listed.
    """
    if config.getoption("collectonly"):
        return None
    folders = {_top_folder(config, arg) for arg in config.args}
    by_folder = CHAOS if FOLDERS[CHAOS] in folders else DAILY
    only_ours = bool(folders) and folders <= set(FOLDERS.values())
    return next(iter(run_markers(config)), by_folder if only_ours else None)


def is_partial(config: pytest.Config) -> bool:
    """Whether single cases were picked, so that the run's verdict is not the pipeline's."""
    picked = config.getoption("keyword") or config.getoption("deselect")
    return bool(picked) or leaves_files_out(config)


def leaves_files_out(config: pytest.Config) -> bool:
    """Whether some cases are not even collected, so that nobody knows how many there are."""
    unread = config.getoption("lf", default=False) or config.getoption("ignore") or config.getoption("ignore_glob")
    folders = {(config.rootpath / folder).resolve() for folder in FOLDERS.values()}
    paths = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    return bool(unread) or any("::" in arg for arg in config.args) or not folders.issuperset(paths)


def leave_out(config: pytest.Config, items: list[pytest.Item], gone: Collection[pytest.Item]) -> None:
    """Take cases out of those that are run; pytest counts them as deselected."""
    if gone:
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=gone)


def _top_folder(config: pytest.Config, arg: str) -> str:
    path = (config.invocation_params.dir / arg.partition("::")[0]).resolve()
    root = config.rootpath.resolve()
    return path.relative_to(root).parts[0] if path != root and path.is_relative_to(root) else ""
