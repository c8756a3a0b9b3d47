"""The pipeline's secrets: made at deploy time where they are absent or do not serve, and else left alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.clients.kubernetes import Cluster, Object, WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.model import roles
from pipeline_services.model.k8s import encoded, name_of, secret_values, version_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets import tls
from pipeline_services.platform.deploy.secrets.influx import Admin, Tokens, ensure_tokens

TOKEN_KEY: Final = "token"


def made_secrets(pipeline: Pipeline) -> frozenset[str]:
    """The names of all Secrets that a deploy makes."""
    return frozenset({*pipeline.config.secrets, pipeline.dashboard.admin})


class SecretStore:
    """The namespace's secrets, as they are now.

    Args:
        live: the Secret objects of the namespace.
    """

    def __init__(self, api: WritableCluster, live: list[Object], pipeline: Pipeline) -> None:
        self._api = api
        self._pipeline = pipeline
        self._config = pipeline.config
        self._live = {name_of(item): item for item in live}

    @property
    def versions(self) -> dict[tuple[str, str], str]:
        """The resource version of each secret that is there, by ("Secret", name)."""
        return {("Secret", name): version_of(item) for name, item in self._live.items()}

    def values(self, name: str) -> dict[str, bytes]:
        """The decoded data of a secret; empty where there is none."""
        return secret_values(self._live.get(name, {}))

    def ensure_local(self) -> list[str]:
        """Make what needs no service: the certificate and the administrators' passwords. Returns what was made."""
        made = []
        served = tls.server_names(self._pipeline)
        reason = tls.flaw(self.values(self._config.tls), served)
        if reason:
            self.write(self._config.tls, tls.new_certificate(served), "kubernetes.io/tls")
            made.append(f"{self._config.tls} ({reason})")
        administrators = {
            self._config.admin: ("operator", "password", TOKEN_KEY),
            self._pipeline.dashboard.admin: ("admin", "password"),
        }
        for name, (username, *private) in administrators.items():
            known = {key: value for key, value in self.values(name).items() if value}
            if not {"username", *private} <= known.keys():
                # what is there stays: the service was set up with it
                fresh = {key: secrets.token_urlsafe(32).encode() for key in private}
                self.write(name, {"username": username.encode(), **fresh, **known})
                made.append(name)
        return made

    def ensure_tokens(self) -> list[str]:
        """Make InfluxDB accept the tokens of the secrets. InfluxDB has to be ready. Returns what was written."""
        admin = {key: value.decode() for key, value in self.values(self._config.admin).items()}
        ca = self.values(self._config.tls)[tls.CA].decode()
        with influxdb(self._api, self._pipeline, ca) as http:
            account = Admin(admin["username"], admin["password"], admin[TOKEN_KEY])
            tokens = ensure_tokens(http, account, self._pipeline)
        return self._write_tokens(tokens)

    def _write_tokens(self, tokens: Tokens) -> list[str]:
        write, read = self._config.write_token, self._config.read_token
        wanted = {
            write.secret: {write.key: tokens.write.encode()},
            read.secret: {read.key: tokens.read.encode()},
        }
        wrong = [name for name, data in wanted.items() if not data.items() <= self.values(name).items()]
        for name in wrong:
            self.write(name, wanted[name])
        return wrong

    def write(self, name: str, data: Mapping[str, bytes], kind: str = "Opaque") -> None:
        """Make a secret hold just these values."""
        if self._live.get(name, {}).get("type", kind) != kind:
            self._api.delete("Secret", name)
        body = encoded(data)
        metadata = {"name": name, "namespace": self._pipeline.namespace}
        self._live[name] = self._api.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": body}
        )


@contextmanager
def influxdb(cluster: Cluster, pipeline: Pipeline, ca: str) -> Iterator[HttpApi]:
    """InfluxDB over a port-forward, its certificate verified."""
    service = pipeline.service(roles.INFLUXDB)
    with PortForward(cluster, Endpoint(service.name, pipeline[roles.INFLUXDB].first_pod, service.port)) as forward:
        tls = Tls(name=service.name, ca=ca)
        with closing(HttpApi(service.name, forward.port, tls=tls, cause=lambda: forward.failure)) as http:
            yield http
