"""One way to ask an HTTP service: short time limits, no retries, and errors of errors.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final
from urllib.parse import urlencode

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.util import Timeout

from pipeline_services.clients.refusals import AWAY, quoted, why_broken
from pipeline_services.model.errors import AccessDenied, NoData, PipelineError, ServiceUnreachable, UnexpectedAnswer

CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 8.0
AT_ONCE: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP service said."""

    status: int
    body: bytes
    service: str

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises UnexpectedAnswer where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise UnexpectedAnswer(f"{self.service} answers {self.status} with no JSON: {self.text[:100]!r}") from error

    def refusal(self, asked: str) -> UnexpectedAnswer:
        """The error for an answer that is none to what was asked."""
        return UnexpectedAnswer(f"{self.service} answers {self.status} to {asked[:200]}: {quoted(self.text)}")


@dataclass(frozen=True, slots=True)
class Tls:
    """How to check a server's certificate: by ``ca`` (PEM) and for ``name``, whatever the address. No CA: no check."""

    name: str
    ca: str = ""


class HttpApi:
    """A service on a local port.

    Args:
        service: its name, for messages.
        port: where it is reached on 127.0.0.1.
        tls: for HTTPS; None is plain HTTP.
        cause: asked when a connection breaks, for a better reason than that it broke.
    """

    def __init__(
        self,
        service: str,
        port: int,
        *,
        tls: Tls | None = None,
        cause: Callable[[], PipelineError | None] | None = None,
    ) -> None:
        self.service = service
        self._cause = cause or (lambda: None)
        timeout = Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
        common: dict[str, Any] = {"timeout": timeout, "retries": False, "maxsize": AT_ONCE, "block": True}
        if tls is None:
            self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port, **common)
        elif tls.ca:
            checks: dict[str, Any] = {"assert_hostname": tls.name, "server_hostname": tls.name, "ca_cert_data": tls.ca}
            self._pool = urllib3.HTTPSConnectionPool("127.0.0.1", port, **common, **checks)
        else:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # nothing secret goes this way
            unchecked = urllib3.util.create_urllib3_context(cert_reqs=0)
            self._pool = urllib3.HTTPSConnectionPool("127.0.0.1", port, **common, ssl_context=unchecked)

    def close(self) -> None:
        """Drop all connections."""
        self._pool.close()

    def ask(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Answer:
        """Get ``path``, or post ``body`` as JSON to it. Any status is an answer.

        Args:
            timeout: seconds to wait for the answer.

        Raises:
            ServiceUnreachable: there is no answer.
        """
        reply = self._request("GET" if body is None else "POST", path, query, timeout, headers=headers, json=body)
        return Answer(reply.status, reply.data, self.service)

    def send(
        self,
        method: str,
        path: str,
        data: bytes | IO[bytes] = b"",
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Answer:
        """Send bytes, or a file from where it is read to, as they are. Any status is an answer. Raises as ``ask``."""
        reply = self._request(method, path, query, timeout, headers=headers, body=data)
        return Answer(reply.status, reply.data, self.service)

    @contextmanager
    def opened(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Iterator[BaseHTTPResponse]:
        """Get ``path`` as a file to read from, for an answer that is too long to be held at once.

        Args:
            timeout: seconds to wait for the next part of the answer.

        Raises:
            ServiceUnreachable: there is no answer, or it ends too early; then also within the block.
            NoData: the service has no such thing (404).
            UnexpectedAnswer: any other status than 200.
        """
        reply = self._request("GET", path, query, timeout, headers=headers, preload_content=False)
        try:
            if reply.status != 200:
                refusal = Answer(reply.status, reply.read(), self.service).refusal(path)
                raise NoData(refusal.message) if reply.status == 404 else refusal
            with self._translated(path, timeout):
                yield reply
        finally:
            reply.close()

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        timeout: float,
        *,
        headers: Mapping[str, str] | None,
        **options: Any,
    ) -> BaseHTTPResponse:
        whole = f"{path}?{urlencode(query)}" if query else path
        limits = Timeout(connect=CONNECT_TIMEOUT, read=timeout)
        with self._translated(whole, timeout):
            return self._pool.request(method, whole, headers=dict(headers or {}), timeout=limits, **options)

    @contextmanager
    def _translated(self, path: str, timeout: float) -> Iterator[None]:
        """The one place where an exception of urllib3 becomes one of ours."""
        try:
            yield
        except urllib3.exceptions.ReadTimeoutError as error:
            raise ServiceUnreachable(f"{self.service} did not answer {path} within {timeout:g} s") from error
        except urllib3.exceptions.SSLError as error:
            raise ServiceUnreachable(f"no trusted TLS connection to {self.service}: {why_broken(error)}") from error
        except urllib3.exceptions.HTTPError as error:
            raise self._cause() or ServiceUnreachable(f"{self.service} does not answer: {why_broken(error)}") from error

    def ask_json(self, path: str, query: Mapping[str, str] | None = None, **options: Any) -> Any:
        """As ``ask``, for an answer that has to be JSON with status 200.

        Raises:
            AccessDenied: the service asks for other credentials.
            ServiceUnreachable: no answer, or one that says the service is away.
            UnexpectedAnswer: any other status, or no JSON.
        """
        answer = self.ask(path, query, **options)
        if answer.status in (401, 403):
            raise AccessDenied("read", f"{self.service}{path.partition('?')[0]}")
        if answer.status in AWAY:
            raise ServiceUnreachable(f"{self.service} answers {answer.status}: {quoted(answer.text)}")
        if answer.status != 200:
            raise answer.refusal(path)
        return answer.json()
