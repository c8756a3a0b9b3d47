"""Reads a kubeconfig, never writes it: which API server, which certificates, and as whom.

Where a provider that is built into clients (``auth-provider``) has to be asked for credentials, the kubernetes client
does it; it is loaded only then, because its import takes longer than most snapshots' requests together (1.4 s of CPU
time and 30 MB, measured on two busy cores).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from pipeline_services.clients import exec_plugin
from pipeline_services.clients.refusals import quoted
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.yaml_text import LOADER

_NO_CREDENTIALS: Final = "the auth-provider that context {context} names gave no credentials"
_SERVER: Final = re.compile(r"https?://[^/:\s\x00-\x1f][^\s\x00-\x1f]*")


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an API server, and as whom.

    Attributes:
        ca: certificates to trust, PEM; empty means the system's.
        verify: whether the server's certificate is checked at all.
        server_name: the name its certificate has to have; empty means that of the address.
        certificate, key: the client's own, PEM; empty when it has none.
        token: a bearer token, or empty.
        proxy: the URL of an HTTP proxy, or empty.
        files: the kubeconfig that says so, as ``load`` takes it.
    """

    context: str
    server: str
    ca: str = ""
    verify: bool = True
    server_name: str = ""
    certificate: str = ""
    key: str = ""
    token: str = ""
    proxy: str = ""
    files: str = field(default="", compare=False)

    @property
    def kubectl(self) -> str:
        """How a command for kubectl begins that is to ask the same cluster as the same account."""
        several = os.pathsep in self.files
        given = f"KUBECONFIG={quote(self.files)} kubectl" if several else f"kubectl --kubeconfig {quote(self.files)}"
        return f"{given} --context {quote(self.context)}"

    @classmethod
    def load(cls, files: str, context: str = "") -> Access:
        """What a context of a kubeconfig says.

        Args:
            files: one, or several joined by ``os.pathsep`` as in ``$KUBECONFIG``; the first that names a thing wins.
            context: its name; empty means the current one.

        Raises:
            PreconditionNotMet: the kubeconfig cannot be read, or has no such context, or the context is not complete.
        """
        try:
            return _load(files, context)
        except yaml.YAMLError as error:  # its text may quote a line, and with it a credential
            line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
            raise PreconditionNotMet(f"cannot use the kubeconfig {files}: it is not YAML (line {line})") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PreconditionNotMet(
                f"cannot use the kubeconfig {files}: {_flaw(error)}", next_step="name another one with --kubeconfig"
            ) from error

    def tls(self) -> ssl.SSLContext:
        """How to speak TLS with the server.

        Raises:
            PreconditionNotMet: a certificate or key of the kubeconfig is none.
        """
        try:
            context = self._trust()
            if not self.verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self.certificate:
                with _on_disk(self.certificate) as certificate, _on_disk(self.key) as key:
                    context.load_cert_chain(certificate, key)
        except (ssl.SSLError, ValueError) as error:
            raise self._unusable("client-certificate and client-key", "no PEM, or do not belong together") from error
        return context

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cadata=self.ca or None)
        except (ssl.SSLError, ValueError) as error:
            raise self._unusable("certificate-authority", "no certificates in PEM") from error

    def _unusable(self, what: str, why: str) -> PreconditionNotMet:
        return PreconditionNotMet(
            f"cannot use the kubeconfig {self.files}: {what} of context {self.context} are {why}",
            next_step="get a new kubeconfig from where this one came",
        )


def _flaw(error: Exception) -> str:
    """What is wrong with a kubeconfig, from the exception that reading it raised."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    if isinstance(error, KeyError):
        return f"an entry of it has no {error.args[0]}"
    if isinstance(error, TypeError | AttributeError):
        return "it is YAML, but no kubeconfig"
    if isinstance(error, OSError):
        return f"{error.filename}: {(error.strerror or 'it cannot be read').lower()}"
    return quoted(error)


def _load(files: str, wanted: str) -> Access:
    found = [Path(file) for file in files.split(os.pathsep) if file and Path(file).is_file()]
    documents = [(file, yaml.load(file.read_text(encoding="utf-8"), LOADER) or {}) for file in found]
    context = wanted or next((doc["current-context"] for _, doc in documents if doc.get("current-context")), "")
    known = [str(entry["name"]) for _, doc in documents for entry in doc.get("contexts") or ()]
    if context not in known:
        named = f"there is no context {context} in {files}" if context else f"no current context in {files}"
        raise PreconditionNotMet(f"{named}; contexts are: {', '.join(sorted(known)) or 'none'}")
    chosen = _entry(documents, "contexts", "context", context)[1]
    where, cluster = _entry(documents, "clusters", "cluster", chosen["cluster"])
    server = str(cluster["server"]).rstrip("/")
    if not _is_address(server):
        raise ValueError(f"the server of context {context} is no http:// or https:// address: {server}")
    access = Access(
        context=context,
        server=server,
        ca=_text(where, cluster, "certificate-authority"),
        verify=not cluster.get("insecure-skip-tls-verify", False),
        server_name=str(cluster.get("tls-server-name", "")),
        proxy=str(cluster.get("proxy-url", "")),
        files=files,
    )
    if "user" not in chosen:
        return access
    where, user = _entry(documents, "users", "user", chosen["user"])
    if "exec" in user:
        status = exec_plugin.credentials(user["exec"], where.parent, cluster, access.kubectl)
        return replace(
            access,
            certificate=status.get("clientCertificateData") or "",
            key=status.get("clientKeyData") or "",
            token=status.get("token") or "",
        )
    if "auth-provider" in user:
        return _of_a_provider(access, files)
    return replace(
        access,
        certificate=_text(where, user, "client-certificate"),
        key=_text(where, user, "client-key"),
        token=_token_file(where, user) or str(user.get("token") or ""),
    )


def _is_address(server: str) -> bool:
    try:
        return bool(_SERVER.fullmatch(server)) and urlsplit(server).port != 0
    except ValueError:  # the port is none
        return False


_Documents = list[tuple[Path, Mapping[str, Any]]]


def _entry(documents: _Documents, plural: str, singular: str, name: str) -> tuple[Path, Mapping[str, Any]]:
    for file, document in documents:
        for entry in document.get(plural) or ():
            if entry["name"] == name:
                return file, entry.get(singular) or {}
    raise ValueError(f"it has no {singular} {name}")


def _text(where: Path, entry: Mapping[str, Any], key: str) -> str:
    """A PEM text that stands in the entry itself, or in a file next to the kubeconfig."""
    if data := entry.get(f"{key}-data"):
        try:
            return base64.b64decode("".join(data.split()), validate=True).decode("ascii")
        except binascii.Error as error:
            raise ValueError(f"{key}-data is not Base64") from error
    return (where.parent / entry[key]).read_text(encoding="ascii") if entry.get(key) else ""


def _token_file(where: Path, user: Mapping[str, Any]) -> str:
    return (where.parent / user["tokenFile"]).read_text(encoding="ascii").strip() if user.get("tokenFile") else ""


def _of_a_provider(access: Access, files: str) -> Access:
    from kubernetes.client.configuration import Configuration  # noqa: PLC0415  see the module's text
    from kubernetes.config import ConfigException, kube_config  # noqa: PLC0415

    asked = Configuration()
    try:
        kube_config.load_kube_config(files, access.context, asked, persist_config=False)
    except ConfigException as error:
        raise ValueError(f"{_NO_CREDENTIALS.format(context=access.context)}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:  # the client's own words are those of Python
        raise ValueError(_NO_CREDENTIALS.format(context=access.context)) from error
    if not (asked.api_key or asked.cert_file):
        raise ValueError(_NO_CREDENTIALS.format(context=access.context))
    bearer = str(asked.get_api_key_with_prefix("BearerToken", alias="authorization") or "")
    return replace(
        access,
        certificate=Path(asked.cert_file).read_text(encoding="ascii") if asked.cert_file else "",
        key=Path(asked.key_file).read_text(encoding="ascii") if asked.key_file else "",
        token=bearer.removeprefix("Bearer "),
    )


@contextmanager
def _on_disk(text: str) -> Iterator[str]:
    """A file with ``text`` for as long as it takes to read it: Python takes keys from files only."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        yield file.name
