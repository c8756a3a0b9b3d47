"""Whether pods can connect to each other: tried from within their own networks.

The node enters a pod's network and connects from there, so that the cluster's policies judge the attempt as the pod's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.faults.model import Node
from pipeline_services.faults.processes import Processes
from pipeline_services.model.errors import NotApplicable, PreconditionNotMet
from pipeline_services.model.flows import Attempt, attempts
from pipeline_services.model.k8s import endpoints_of, is_terminating, service_of, status_of
from pipeline_services.model.pipeline import Pipeline

CONNECT_TIMEOUT_S: Final = 2
"""Seconds for one attempt."""
_TRY: Final = 'exec 3<>"/dev/tcp/$1/$2"'
# $1 seconds, then four words for each flow: its id, a process in the source's network, the destination's address, port.
_TRY_ALL: Final = """
within=$1; shift
while [ $# -gt 0 ]; do
  { nsenter -t "$2" -n timeout "$within" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$3" "$4" 2>/dev/null &&
    echo "$1=yes" || echo "$1=no"; } &
  shift 4
done
wait
"""


class Connectivity:
    """Tries connections and names from within pods.

    ``attempts``: every connection that there is to try, by its id.
    """

    def __init__(self, node: Node, processes: Callable[[str], Processes], cluster: Cluster, pipeline: Pipeline) -> None:
        self._node = node
        self._processes = processes
        self._cluster = cluster
        self._pipeline = pipeline
        self.attempts = attempts(pipeline)

    def attempt(self, attempt_id: str) -> Attempt:
        """The connection of that id. Raises NotApplicable where one end of it is none of the pipeline's own pods."""
        if attempt_id not in self.attempts:
            raise NotApplicable(f"{self._pipeline.name} has no pods at both ends of {attempt_id}")
        return self.attempts[attempt_id]

    def connects(self, flow: Attempt) -> bool:
        """Whether a fresh connection comes about, to the destination's pod itself."""
        return self.reaches(flow.source, self.addresses(flow.destination)[0], flow.port)

    def matrix(self, flows: Sequence[Attempt]) -> dict[str, bool]:
        """Whether each flow connects, by its id; all are tried at the same time."""
        pids = {app: self._first(app) for app in dict.fromkeys(flow.source for flow in flows)}
        addresses = {app: self.addresses(app)[0] for app in dict.fromkeys(flow.destination for flow in flows)}
        tried = [(flow.id, str(pids[flow.source]), addresses[flow.destination], str(flow.port)) for flow in flows]
        words = [word for attempt in tried for word in attempt]
        lines = self._node.on_node(["bash", "-c", _TRY_ALL, "bash", str(CONNECT_TIMEOUT_S), *words]).split()
        found = {flow_id: answer == "yes" for flow_id, _, answer in (line.partition("=") for line in lines)}
        return {flow.id: found[flow.id] for flow in flows}

    def reaches(self, app: str, address: str, port: int) -> bool:
        """Whether the app's pod can open a connection to an address."""
        attempt = ["timeout", str(CONNECT_TIMEOUT_S), "bash", "-c", _TRY, "bash", address, str(port)]
        return self._inside(app, ["-n"], attempt)

    def resolves(self, app: str, name: str) -> bool:
        """Whether the app's pod finds a name. The pod's own files say where it asks."""
        return self._inside(app, ["-n", "-m"], ["timeout", "5", "getent", "ahostsv4", name])

    def addresses(self, app: str) -> list[str]:
        """The addresses of the app's pods. Raises PreconditionNotMet where no pod of it has one."""
        part = self._pipeline[app]
        own = [pod for pod in self._cluster.list("pods") if part.owns(pod) and not is_terminating(pod)]
        found = [str(status_of(pod)["podIP"]) for pod in own if status_of(pod).get("podIP")]
        if not found:
            raise PreconditionNotMet(f"no pod of {app} has an address")
        return found

    def ready_endpoints(self, service: str) -> int:
        slices = self._cluster.list("endpointslices")
        return sum(len(endpoints_of(item, ready=True)) for item in slices if service_of(item) == service)

    def _inside(self, app: str, spaces: Sequence[str], command: Sequence[str]) -> bool:
        script = '"$@" >/dev/null 2>&1 && echo yes || echo no'
        words = ["sh", "-c", script, "sh", "nsenter", "-t", str(self._first(app)), *spaces, *command]
        return self._node.on_node(words).strip() == "yes"

    def _first(self, app: str) -> int:
        pid = self._processes(app).first()
        if pid is None:
            raise PreconditionNotMet(f"no process of {app} runs")
        return pid
