"""What went wrong between a client and a service, in words without Python's own, as the errors of errors.py."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from http.client import RemoteDisconnected
from typing import Final

from pipeline_services.model.errors import (
    AccessDenied,
    Conflict,
    Invalid,
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.text import one_line

AWAY: Final = (502, 503, 504)
RIGHTS: Final = " cannot "
"""What the API server's 403 says where it is a matter of rights, and not of a quota or an admission rule."""
_DOES_NOT: Final = "the API server {server} does not {verb} {resource}"
_SAID: Final[Mapping[int, tuple[type[PipelineError], str]]] = {
    404: (NoData, "the cluster does not have the {resource} asked for"),
    409: (Conflict, _DOES_NOT),
    422: (Invalid, _DOES_NOT),
    429: (ServiceUnreachable, "the API server {server} is too busy to {verb} {resource}"),
    **dict.fromkeys(
        AWAY, (ServiceUnreachable, "the API server {server} answers, but not what it asks to {verb} {resource}")
    ),
}
_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_PATH: Final = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[^/?]+)(?:/(?P<name>[^/?]+))?(?:/(?P<part>[^?]+))?"
)


def asked_of(method: str, path: str, home: str = "") -> tuple[str, str]:
    """Verb and resource of a request, as ``kubectl auth can-i`` wants them: ``list``, ``deployments.apps``.

    Args:
        home: the namespace that need not be said.
    """
    found = _PATH.match(path)
    if not found:
        return _VERBS[method], path.partition("?")[0]
    group, namespace, plural, name, part = found.group("group", "namespace", "plural", "name", "part")
    resource = "/".join(filter(None, (f"{plural}.{group}" if group else plural, part)))
    verb = "list" if method == "GET" and not name else _VERBS[method]
    return verb, f"{resource} in {namespace}" if namespace and namespace != home else resource


def refused(server: str, status: int, body: bytes | str, verb: str, resource: str) -> PipelineError:
    """The error for an answer of the API server that is not the one wanted."""
    reason = _reason(body)
    if status == 401:
        return PreconditionNotMet(
            f"the API server {server} does not accept the credentials to {verb} {resource} (401): they have expired, "
            "or are those of another cluster",
            next_step="log in again, or renew the kubeconfig",
        )
    if status == 403 and (verb in ("get", "list") or not reason or RIGHTS in reason):
        return AccessDenied(verb, resource)
    if is_page(body) and status not in AWAY:
        return no_api_server(server, verb, resource, f"{status} and a web page")
    kind, words = _SAID.get(status, (UnexpectedAnswer, _DOES_NOT))
    said = words.format(server=server, verb=verb, resource=resource)
    return kind(f"{said} ({f'{status} {reason}'.rstrip()})")


def no_api_server(server: str, verb: str, resource: str, answer: str) -> UnexpectedAnswer:
    """The error for an answer as no API server gives it."""
    return UnexpectedAnswer(
        f"to {verb} {resource} the API server {server} answers with {answer}: it is no API "
        "server, or a login page or a proxy is in front of it",
        next_step="look at the server's address in the kubeconfig",
    )


def _reason(body: bytes | str) -> str:
    try:
        return quoted(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return "" if is_page(body) else quoted(body.decode("utf-8", "replace") if isinstance(body, bytes) else body)


def is_page(body: bytes | str) -> bool:
    """Whether it is a web page, as a login page or a proxy shows it."""
    return body.lstrip()[:1] in (b"<", "<")


def why_broken(error: BaseException) -> str:
    """Why a connection did not come about or broke, from the exception that a client library raised for it."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return _tls_broken(str(cause.reason).replace("_", " ").lower())
        if isinstance(cause, socket.gaierror):
            return "its name is not known"
        if isinstance(cause, RemoteDisconnected):
            return "it closes the connection without an answer"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return quoted(causes[-1])


def _tls_broken(reason: str) -> str:
    """What the server's own alert, or the client's side, says of it."""
    alert = reason.partition(" alert ")[2]
    if "certificate" in alert or "unknown ca" in alert:
        return f"it does not accept the client certificate: {alert}"
    return f"it does not speak TLS as it should ({reason})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, wherever a library keeps that."""
    yield error
    kept = (getattr(error, "reason", None), error.__cause__, *error.args, error.__context__)
    inner = next((one for one in kept if isinstance(one, BaseException)), None)
    if inner is not None:
        yield from _causes(inner)


def quoted(reason: object) -> str:
    """Somebody else's reason, fit to stand in one of our messages."""
    return one_line(reason, 300)
