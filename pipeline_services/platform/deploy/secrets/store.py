"""The pipeline's secrets: made at deploy time where they are absent or do not serve, and else left alone."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.model import names, roles
from pipeline_services.model.settings import Target
from pipeline_services.platform.deploy.api import Api, Object
from pipeline_services.platform.deploy.secrets import tls
from pipeline_services.platform.deploy.secrets.influx import Admin, Tokens, ensure_tokens

GRAFANA_SECRET: Final = "grafana-admin"
TOKEN_KEY: Final = "token"
PROCESSOR_TOKEN_KEY: Final = "INFLUXDB_TOKEN"
ADMINISTRATORS: Final = {names.ADMIN_SECRET: ("operator", "password", TOKEN_KEY), GRAFANA_SECRET: ("admin", "password")}
SECRETS: Final = (names.TLS_SECRET, names.ADMIN_SECRET, GRAFANA_SECRET, names.PIPELINE_SECRET, names.READ_SECRET)


class SecretStore:
    """The namespace's secrets, as they are now.

    Args:
        live: the Secret objects of the namespace.
    """

    def __init__(self, api: Api, live: list[Object]) -> None:
        self._api = api
        self._live = {item["metadata"]["name"]: item for item in live}

    @property
    def versions(self) -> dict[tuple[str, str], str]:
        """The resource version of each secret that is there, by ("Secret", name)."""
        return {("Secret", name): item["metadata"]["resourceVersion"] for name, item in self._live.items()}

    def values(self, name: str) -> dict[str, bytes]:
        """The decoded data of a secret; empty where there is none."""
        data: Mapping[str, str] = self._live.get(name, {}).get("data") or {}
        return {key: base64.b64decode(value) for key, value in data.items()}

    def ensure_local(self) -> list[str]:
        """Make what needs no service: the certificate and the administrators' passwords. Returns what was made."""
        made = []
        reason = tls.flaw(self.values(names.TLS_SECRET))
        if reason:
            self._write(names.TLS_SECRET, tls.new_certificate(), "kubernetes.io/tls")
            made.append(f"{names.TLS_SECRET} ({reason})")
        for name, (username, *private) in ADMINISTRATORS.items():
            known = {key: value for key, value in self.values(name).items() if value}
            if not {"username", *private} <= known.keys():
                # what is there stays: the service was set up with it
                fresh = {key: secrets.token_urlsafe(32).encode() for key in private}
                self._write(name, {"username": username.encode(), **fresh, **known})
                made.append(name)
        return made

    def ensure_tokens(self, kubeconfig: Path, context: str) -> list[str]:
        """Make InfluxDB accept the tokens of the secrets. InfluxDB has to be ready. Returns what was written."""
        admin = {key: value.decode() for key, value in self.values(names.ADMIN_SECRET).items()}
        ca = self.values(names.TLS_SECRET)[tls.CA].decode()
        with influxdb(kubeconfig, context, ca) as http:
            tokens = ensure_tokens(http, Admin(admin["username"], admin["password"], admin[TOKEN_KEY]))
        return self._write_tokens(tokens)

    def _write_tokens(self, tokens: Tokens) -> list[str]:
        wanted = {
            names.PIPELINE_SECRET: {PROCESSOR_TOKEN_KEY: tokens.write.encode()},
            names.READ_SECRET: {TOKEN_KEY: tokens.read.encode()},
        }
        wrong = [name for name, data in wanted.items() if not data.items() <= self.values(name).items()]
        for name in wrong:
            self._write(name, wanted[name])
        return wrong

    def _write(self, name: str, data: Mapping[str, bytes], kind: str = "Opaque") -> None:
        if self._live.get(name, {}).get("type", kind) != kind:
            self._api.delete("Secret", name)
        body = {key: base64.b64encode(value).decode() for key, value in data.items()}
        metadata = {"name": name, "namespace": names.NAMESPACE}
        self._live[name] = self._api.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": body}
        )


@contextmanager
def influxdb(kubeconfig: Path, context: str, ca: str) -> Iterator[HttpApi]:
    """InfluxDB over a port-forward, its certificate verified."""
    cluster = Cluster.connect(Target(kubeconfig=str(kubeconfig), context=context, namespace=names.NAMESPACE))
    endpoint = Endpoint(names.INFLUXDB_SERVICE, f"{roles.INFLUXDB}-0", names.SERVICE_PORTS[names.INFLUXDB_SERVICE])
    try:
        with PortForward(cluster, endpoint) as forward:
            tls = Tls(name=names.INFLUXDB_SERVICE, ca=ca)
            http = HttpApi(names.INFLUXDB_SERVICE, forward.port, tls=tls, cause=lambda: forward.failure)
            try:
                yield http
            finally:
                http.close()
    finally:
        cluster.close()
