"""The way to an API server: one for TLS, proxies, time limits, retries and errors, whatever is asked of it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Retry, Timeout, make_headers

from pipeline_services.clients.kubeconfig import Access
from pipeline_services.clients.proxies import proxy_to
from pipeline_services.clients.refusals import asked_of, refused, why_broken
from pipeline_services.model.errors import ServiceUnreachable

CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 10.0
WRITE_TIMEOUT_S: Final = 20.0
MAX_CONNECTIONS: Final = 5
CLOCK_TOLERANCE_S: Final = 3.0
"""A difference of clocks that cannot be told from a slow answer, and does no harm."""
BUSY_RETRIES: Final = 2
BUSY_WAIT_S: Final = 2
JSON: Final = "application/json"
PORTS: Final = {"https": 443, "http": 80}
Query = Sequence[tuple[str, str]]


class _WhenBusy(Retry):
    """Asks again what a busy server put off, when it says so; whatever else fails may have been done."""

    RETRY_AFTER_STATUS_CODES = frozenset({429})


_RETRIES: Final = _WhenBusy(
    BUSY_RETRIES, connect=False, read=False, other=0, allowed_methods=None, raise_on_status=False,
    retry_after_max=BUSY_WAIT_S,
)  # fmt: skip


class ApiServer:
    """The API server that a context of a kubeconfig names, asked with the rights of its account.

    Raises:
        PreconditionNotMet: a certificate, key or proxy of the kubeconfig cannot be used.

    Attributes:
        ahead_s: seconds that this machine's clock is ahead of the server's, by the first answer; 0 if nearly right.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.ahead_s = 0.0
        self._clock_is_known = False
        self.proxy = proxy_to(access.server, access.proxy)
        self._tls = _tls(access)
        if not access.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the kubeconfig asks for it
        login = self.proxy.credentials if self.proxy else None
        self._proxy_headers = make_headers(proxy_basic_auth=":".join(login)) if login else {}
        options: dict[str, Any] = {**self._tls, "maxsize": MAX_CONNECTIONS, "block": True, "retries": _RETRIES}
        if self.proxy:
            self._http: urllib3.PoolManager = urllib3.ProxyManager(
                str(self.proxy), proxy_headers=self._proxy_headers, **options
            )
        else:
            self._http = urllib3.PoolManager(num_pools=1, **options)

    def close(self) -> None:
        """Drop all connections."""
        self._http.clear()

    @property
    def headers(self) -> dict[str, str]:
        """Who asks."""
        return {"Authorization": f"Bearer {self.access.token}"} if self.access.token else {}

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = JSON,
        *,
        query: Query = (),
        timeout_s: float = 0.0,
        home: str = "",
    ) -> bytes:
        """One request; returns the answer's body.

        Args:
            body: sent as JSON; ``content_type`` says which kind of patch it is.
            timeout_s: to wait for the answer; 0: as long as such a request may take.
            home: the namespace that an error need not name.

        Raises:
            ServiceUnreachable: the API server, or the one behind an aggregated API, does not answer or is too busy.
            PreconditionNotMet: it does not accept the credentials.
            AccessDenied: the account may not do that.
            NoData: there is no such object.
            Conflict: there is such an object already, or another version of it.
            Invalid: the object cannot be so.
            UnexpectedAnswer: any other refusal.
        """
        url = f"{self.access.server}{path}" + (f"?{urlencode(query)}" if query else "")
        limits = Timeout(
            connect=CONNECT_TIMEOUT_S, read=timeout_s or (READ_TIMEOUT_S if method == "GET" else WRITE_TIMEOUT_S)
        )
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, **({"Content-Type": content_type} if data else {})}
        verb, resource = asked_of(method, path, home)
        with self.reaching(f"{verb} {resource}"):
            sent = time.time()
            answer = self._http.request(method, url, body=data, headers=headers, timeout=limits, redirect=False)
        self._note_clock(answer.headers.get("Date"), (sent + time.time()) / 2)
        if answer.status >= 300:
            raise refused(self.access.server, answer.status, answer.data, verb, resource)
        return answer.data

    def _note_clock(self, date: str | None, at: float) -> None:
        """Hold this machine's clock against the server's, which is said to the second."""
        if self._clock_is_known or not date:
            return
        try:
            ahead = at - parsedate_to_datetime(date).timestamp() - 0.5
        except ValueError:
            return
        self._clock_is_known = True
        self.ahead_s = ahead if abs(ahead) > CLOCK_TOLERANCE_S else 0.0

    def open_socket(self) -> socket.socket:
        """A connection behind proxy and TLS, for a protocol that is not spoken here. Use it within ``reaching``."""
        parts = urlsplit(self.access.server)
        server = parts.hostname or "", parts.port or PORTS[parts.scheme]
        host, port = (self.proxy.host, self.proxy.port) if self.proxy else server
        if parts.scheme == "https":
            connection: HTTPConnection = HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT_S, **self._tls)
        else:
            connection = HTTPConnection(host, port, timeout=CONNECT_TIMEOUT_S)
        if self.proxy:
            connection.set_tunnel(*server, headers=self._proxy_headers)
        connection.connect()
        opened: socket.socket = connection.sock
        return opened

    @contextmanager
    def reaching(self, purpose: str, *also: type[Exception]) -> Iterator[None]:
        """The one place where the exception of a connection becomes one of ours.

        Args:
            purpose: verb and resource, for the message.
            also: other exceptions than urllib3's that mean a broken connection.
        """
        broken: tuple[type[Exception], ...] = (urllib3.exceptions.HTTPError, *also)
        try:
            yield
        except broken as error:
            server, through = self.access.server, f" through the proxy {self.proxy}" if self.proxy else ""
            late = isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError)
            if late and not isinstance(error, urllib3.exceptions.NewConnectionError):
                message = f"the API server {server} did not answer in time to {purpose}{through}"
            else:
                message = f"the API server {server} cannot be reached{through}: {why_broken(error)}"
            raise ServiceUnreachable(message, next_step=f"{self.access.kubectl} get --raw /readyz") from error


def _tls(access: Access) -> dict[str, Any]:
    """How the connection is encrypted; nothing where the server speaks plain HTTP, as that of ``kubectl proxy``."""
    if urlsplit(access.server).scheme != "https":
        return {}
    return {"ssl_context": access.tls(), "server_hostname": access.server_name or None}
