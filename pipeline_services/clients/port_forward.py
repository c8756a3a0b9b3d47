"""A way from a local port to a pod, through the API server: each accepted connection is one websocket."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from websocket import ABNF, WebSocketBadStatusException, WebSocketException
from websocket import WebSocket as UntypedWebSocket

from pipeline_services.clients.buffered_socket import BufferedSocket
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.refusals import quoted, refused
from pipeline_services.model.component import Service
from pipeline_services.model.errors import PipelineError, ServiceUnreachable
from pipeline_services.model.k8s import endpoints_of, service_of
from pipeline_services.model.kinds import KINDS

LOCALHOST: Final = "127.0.0.1"
STALL_TIMEOUT: Final = 10.0
CHUNK: Final = 64 << 10
PROTOCOL: Final = "v4.channel.k8s.io"
DATA: Final = 0
ERROR: Final = 1
WebSocket: Any = UntypedWebSocket


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port of a ready pod behind a Service; ``namespace``: empty for the cluster client's own."""

    service: str
    pod: str
    port: int
    namespace: str = ""


def ready_endpoint(service: Service, selector: str, slices: Iterable[Mapping[str, Any]], namespace: str) -> Endpoint:
    """The first ready pod behind ``service``, and the pod's own port that the Service's port leads to.

    Args:
        service: its port is used where its EndpointSlice has several ports.
        selector: of the pods behind it, as ``kubectl -l`` takes it.
        slices: the EndpointSlices of the namespace.

    Raises:
        ServiceUnreachable: there is no pod behind the Service, or none of them is ready.
    """
    waiting: list[str] = []
    for item in slices:
        if service_of(item) != service.name:
            continue
        ports = [known["port"] for known in item.get("ports") or () if known.get("port")]
        for pod in _pods(item, ready=True) if ports else ():
            return Endpoint(service.name, pod, service.port if service.port in ports else ports[0])
        waiting += _pods(item, ready=False) if ports else []
    seen = f"not ready: {', '.join(sorted(waiting))}" if waiting else "it has no pods"
    raise ServiceUnreachable(
        f"no ready pod behind the service {service.name} ({seen})",
        next_step=f"kubectl get endpointslices,pods -n {namespace} -l {selector}",
    )


def _pods(endpoint_slice: Mapping[str, Any], *, ready: bool) -> list[str]:
    targets = [one.get("targetRef") or {} for one in endpoints_of(endpoint_slice, ready=ready)]
    return [target["name"] for target in targets if target.get("name")]


class PortForward:
    """Listens on a port of 127.0.0.1 and carries each connection to one pod, until closed.

    Args:
        local_port: where to listen; a free port by default, and where this one is taken.

    Use it as a context manager. The first websocket is opened at once, so that what is wrong shows on entering.
    ``failure`` is why the last connection could not be carried, which its client sees as a closed connection.
    """

    def __init__(self, cluster: Cluster, endpoint: Endpoint, local_port: int = 0) -> None:
        self.endpoint = endpoint
        self._cluster = cluster
        self._listener = _listening(local_port)
        self._alarm, self._bell = os.pipe()
        self._acceptor: threading.Thread | None = None
        self._threads: list[threading.Thread] = []
        self._first: Any = None
        self._first_taken = threading.Lock()
        self.failure: PipelineError | None = None
        self._closed = False

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> PortForward:
        try:
            self._first = open_websocket(self._cluster, self.endpoint)
        except PipelineError:
            self.close()
            raise
        self._acceptor = self._started(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut all connections and wait for the threads to end."""
        if self._closed:
            return
        self._closed = True
        os.close(self._bell)
        if self._acceptor:
            self._acceptor.join(STALL_TIMEOUT)  # from here on no thread is added
        for thread in self._threads:
            thread.join(STALL_TIMEOUT)
        self._listener.close()
        if self._first:
            self._first.shutdown()
        os.close(self._alarm)

    def _started(self, target: Callable[..., None], *args: Any) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, name=f"forward {self.endpoint.service}", daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        while True:
            readable, _, _ = select.select([self._listener.fileno(), self._alarm], [], [])
            if self._alarm in readable:
                return
            local, _ = self._listener.accept()
            alive = [thread for thread in self._threads if thread.is_alive()]
            self._threads = [*alive, self._started(self._carry, local)]

    def _carry(self, local: socket.socket) -> None:
        with local:
            try:
                remote = self._websocket()
            except PipelineError as error:
                self.failure = error
                return
            refusal = _Connection(local, remote, self._alarm).run()
            if refusal:
                self.failure = self._refused(refusal)

    def _refused(self, refusal: str) -> ServiceUnreachable:
        # the kubelet's sentence is long and full of ids; what the pod's own network said comes last
        reason = "nothing listens on that port" if "connection refused" in refusal else quoted(refusal)
        return ServiceUnreachable(f"{self.endpoint.service} ({self.endpoint.pod}:{self.endpoint.port}): {reason}")

    def _websocket(self) -> Any:
        with self._first_taken:
            first, self._first = self._first, None
        return first or open_websocket(self._cluster, self.endpoint)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((LOCALHOST, port))
    except OSError:
        if not port:
            raise
        return socket.create_server((LOCALHOST, 0))


class _Connection:
    """One local connection and its websocket; bytes go both ways until either side ends."""

    def __init__(self, local: socket.socket, remote: Any, alarm: int) -> None:
        self._local = local
        self._remote = remote
        self._alarm = alarm
        self._to_local = bytearray()
        self._greeted: set[int] = set()
        self._refusal = ""

    def run(self) -> str:
        """Carry until the end; returns what the cluster said was wrong, or nothing."""
        self._local.setblocking(False)
        try:
            while self._step():
                pass
            self._flush()
        except (OSError, WebSocketException):
            pass  # either side went away: that is the end of a connection, and both ends are told by closing
        finally:
            self._remote.shutdown()
        return self._refusal

    def _step(self) -> bool:
        local, remote = self._local.fileno(), self._remote.fileno()
        waiting = self._remote.sock.pending() > 0  # maybe a whole frame that the socket no longer shows as readable
        writers = [local] if self._to_local else []
        readable, writable, _ = select.select([local, remote, self._alarm], writers, [], 0 if waiting else None)
        if self._alarm in readable:
            self._to_local.clear()  # whoever closes the forward no longer reads
            return False
        if writable:
            del self._to_local[: self._local.send(self._to_local)]
        if (waiting or remote in readable) and not self._from_remote():
            return False
        return local not in readable or self._from_local()

    def _from_local(self) -> bool:
        data = self._local.recv(CHUNK)
        if data:
            self._remote.send_bytes(bytes((DATA,)) + data)
        return bool(data)

    def _from_remote(self) -> bool:
        opcode, frame = self._remote.recv_data_frame(True)
        if opcode == ABNF.OPCODE_CLOSE:
            return False
        if opcode != ABNF.OPCODE_BINARY or not frame.data:
            return True
        channel, data = frame.data[0], frame.data[1:]
        if channel not in self._greeted:  # the first frame of a channel repeats the port's number
            self._greeted.add(channel)
            return True
        if channel == ERROR:
            self._refusal += data.decode("utf-8", "replace")
            return False
        self._to_local += data
        return True

    def _flush(self) -> None:
        self._local.settimeout(STALL_TIMEOUT)
        self._local.sendall(self._to_local)


def open_websocket(cluster: Cluster, endpoint: Endpoint) -> Any:
    """One connection to a port of a pod.

    Raises:
        AccessDenied: the account may not forward ports.
        ServiceUnreachable: the API server or the pod's node does not answer.
    """
    ports = [("ports", str(endpoint.port))]
    return websocket_to(
        cluster, endpoint.pod, "portforward", ports, what=endpoint.service, namespace=endpoint.namespace
    )


def websocket_to(
    cluster: Cluster, pod: str, part: str, query: Sequence[tuple[str, str]], *, what: str = "", namespace: str = ""
) -> Any:
    """A websocket to a subresource of a pod: ``portforward`` or ``exec``.

    Args:
        what: is wanted of the pod, for messages; else the pod itself.
        namespace: the pod's; empty for the client's own.

    Raises:
        AccessDenied: the account may not do that.
        ServiceUnreachable: the API server or the pod's node does not answer.
    """
    path = KINDS["Pod"].path(namespace or cluster.namespace, pod, part)
    scheme, _, address = cluster.server.access.server.partition("://")
    url = f"{'wss' if scheme == 'https' else 'ws'}://{address}{path}?{urlencode(query)}"
    headers = [f"{name}: {value}" for name, value in cluster.server.headers.items()]
    remote = WebSocket()
    with cluster.server.reaching(f"get pods/{part}", WebSocketException, OSError):
        try:
            opened = BufferedSocket(cluster.server.open_socket())
            remote.connect(url, header=headers, subprotocols=[PROTOCOL], socket=opened)
        except WebSocketBadStatusException as error:
            if error.status_code == 404:
                raise ServiceUnreachable(f"{what or pod}: the pod {pod} is gone") from error
            raise refused(
                cluster.server.access.server, error.status_code, error.resp_body or b"", "get", f"pods/{part}"
            ) from error
    remote.settimeout(STALL_TIMEOUT)
    return remote
