"""The report's page: one HTML file that opens from anywhere and asks no server for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline_services.model.say import Say
from pipeline_services.reporting.allure import node
from pipeline_services.reporting.allure.packed import packed
from pipeline_services.reporting.allure.page_maker import PageMaker
from pipeline_services.reporting.run.outcome import Category

HISTORY_RUNS: Final = 30
HELPERS: Final = node.PROJECT / "helpers.html"
LINK_PREFIX: Final = "Runbook: "
CATEGORY_LABEL: Final = "category"
BY_STATUS, BY_NAME, AS_PLAYED = "status,asc", "name,asc", "order,asc"
"""What is not green first; by their names; in the order in which they were run."""
_TRACKER: Final = ("googletagmanager", "google-analytics", "gtag(")
_TRACKER_SIZE: Final = 2_000
_SCRIPT_END: Final = "</script>"
_PHONE: Final = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_NO_ATTACHMENTS: Final = '<style>[data-testid="nav-tab-globalAttachments"] { display: none; }</style>'


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What one page is made from.

    Attributes:
        files: the results, each one's text by the name of its file.
        folder: what Allure has written beside them: attachments.
        history: read, and appended to when ``remember`` is set.
        banner: HTML that stands above all else.
        attachments: files about the whole run.
        sort: how groups and cases are sorted at first, as the generator names it.
    """

    files: Mapping[str, str]
    folder: Path
    history: Path
    output: Path
    title: str
    remember: bool
    banner: str = ""
    attachments: Sequence[Path] = ()
    sort: str = BY_STATUS


def make(request: PageRequest, say: Say, started: PageMaker | None = None) -> Path:
    """Generate the page and return its file.

    Args:
        started: what makes it, where it was started before.

    Raises:
        node.PageUnavailable: it could not be made; nothing is left in its place.
    """
    maker = started or PageMaker(say)
    maker.make(_config(request), request.files, request.folder)
    page = request.output / "page" / "index.html"
    small = packed(page.read_text(encoding="utf-8"), maker.installed / "packed")
    page.write_text(_with_helpers(without_analytics(small), request), encoding="utf-8")
    return page


def without_analytics(page: str) -> str:
    """The page without the block that would load a tracker.

    Raises:
        node.PageUnavailable: the tracker is no block of its own any more, so the generator has changed.
    """
    for tracker in _TRACKER:
        while (at := page.find(tracker)) >= 0:
            start, end = page.rfind("<script", 0, at), page.find(_SCRIPT_END, at)
            if start < 0 or end < 0 or end - start > _TRACKER_SIZE:
                raise node.PageUnavailable("the generated page has a tracker that cannot be taken out")
            page = page[:start] + page[end + len(_SCRIPT_END) :]
    return page


def _with_helpers(page: str, request: PageRequest) -> str:
    """The page that opens with the causes and the verdict in view, and whose links to the runbook beside it work.

    Of itself it scrolls to its first red case, past its own heading, follows only links that have a scheme, has tabs
    for what this suite has none of, and is as wide on a phone as on a desk.
    """
    before, end, after = page.rpartition("</body>")
    head, body, rest = before.replace("<head>", f"<head>{_PHONE}", 1).partition("<body>")
    helpers = HELPERS.read_text(encoding="utf-8")
    empty = "" if request.attachments else _NO_ATTACHMENTS
    return f"{head}{body}{request.banner}{rest}{helpers}{empty}{end}{after}"


def _config(request: PageRequest) -> dict[str, Any]:
    awesome = {
        "singleFile": True,
        "reportLanguage": "en",
        "groupBy": ["epic", "feature", "story"],
        "sections": ["charts", "metrics"],
        "defaultSortBy": request.sort,
        "charts": _charts(),
    }
    return {
        "name": request.title,
        "output": str(request.output / "page"),
        "historyPath": str(request.history),
        "historyLimit": HISTORY_RUNS,
        "appendHistory": request.remember,
        "categories": {"rules": [_rule(category) for category in Category if category]},
        "globalAttachments": [str(path) for path in request.attachments],
        "plugins": {"awesome": {"options": awesome}},
    }


def _rule(category: Category) -> dict[str, Any]:
    return {"name": category.value, "matchers": {"labels": {CATEGORY_LABEL: category.value}}, "groupByMessage": True}


def _charts() -> list[dict[str, Any]]:
    return [
        {"type": "currentStatus", "title": "This run"},
        {"type": "statusDynamics", "title": "Outcomes over the runs"},
        {"type": "statusTransitions", "title": "What changed"},
        {"type": "problemsDistribution", "title": "Share of problems by section", "by": "environment"},
    ]
