"""``make open``: the pages of Grafana and Prometheus on local ports, as long as somebody looks at them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any, Final

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import LOCALHOST, PortForward, ready_endpoint
from pipeline_services.model import roles
from pipeline_services.model.errors import PipelineError, ServiceUnreachable
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.settings import Target
from pipeline_services.model.waiting import wait_until

REPORT: Final = REPOSITORY / "reports" / "index.html"
LOOK_EVERY_S: Final = 1.0
NO_PAGES: Final = "   (built without its pages: this is its API)"


def addresses(pipeline: Pipeline) -> Mapping[str, tuple[str, str]]:
    """By component the path of its page, and what to look at where it was built without its pages."""
    return {
        roles.GRAFANA: (f"/d/{pipeline.dashboard.uid}", "/api/health"),
        roles.PROMETHEUS: ("/targets", "/api/v1/targets"),
    }


class Pages(AbstractContextManager["Pages"]):
    """Opens a port for each component that has pages and says where; a port-forward is made only where it is ready.

    Args:
        target: the cluster, with the rights to look at it.
        report: the report's page, named where there is one.

    Raises:
        PipelineError: on entering, when the cluster does not answer or none of them is ready.
    """

    def __init__(self, target: Target, say: Say = print, report: Path = REPORT) -> None:
        self._target, self._say, self._report = target, say, report
        self._ways = ExitStack()
        self._open: dict[str, PortForward] = {}

    def __enter__(self) -> Pages:
        with ExitStack() as ways:
            cluster = Cluster.connect(self._target)
            ways.callback(cluster.close)
            cluster.require_namespace()
            slices = cluster.list("endpointslices")
            for component, paths in addresses(self._target.pipeline).items():
                if component in self._target.pipeline.components:
                    self._try(cluster, component, paths, slices, ways)
            if not self._open:
                raise ServiceUnreachable("nothing to open is ready", next_step="make triage")
            self._ways = ways.pop_all()
        if self._report.is_file():
            self._say(f"{'report':<12}{self._report.as_uri()}")
        self._say("Ctrl-C closes them.")
        return self

    def __exit__(self, *_error: object) -> None:
        self._ways.close()

    def watch(self) -> None:
        """Until somebody stops it; says once for each page that its connection broke, as where its pod was replaced."""
        while self._open:
            broken = wait_until(self._broken, within=math.inf, what="somebody to stop it", every=LOOK_EVERY_S)
            failure = self._open.pop(broken).failure
            self._say(f"{broken:<12}{failure}. Once it is ready: make open")

    def _broken(self) -> str:
        return next((component for component, forward in self._open.items() if forward.failure), "")

    def _try(
        self, cluster: Cluster, component: str, paths: tuple[str, str], slices: list[dict[str, Any]], ways: ExitStack
    ) -> None:
        pipeline = self._target.pipeline
        service = pipeline.service(component)
        try:
            endpoint = ready_endpoint(service, pipeline[component].label_selector, slices, cluster.namespace)
            forward = ways.enter_context(PortForward(cluster, endpoint, service.port))
            page, instead = paths
            has_pages = _shows(forward, page)
        except PipelineError as error:
            self._say(f"{component:<12}{error}")
            return
        self._open[component] = forward
        where = f"http://{LOCALHOST}:{forward.port}"
        self._say(f"{component:<12}{where}{page if has_pages else instead}{'' if has_pages else NO_PAGES}")


def _shows(forward: PortForward, page: str) -> bool:
    """Whether a page is there: the API answers in any case, the pages are a part of their own."""
    api = HttpApi(forward.endpoint.service, forward.port, cause=lambda: forward.failure)
    with closing(api):
        answer = api.ask(page)
    return answer.status == 200 and b"<html" in answer.body.lower()
