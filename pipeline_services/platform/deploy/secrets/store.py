"""The pipeline's secrets: made at deploy time where they are absent or do not serve, mended where it is known how they
were, and else left alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from pipeline_services.clients.http import HttpApi, Tls
from pipeline_services.clients.kubernetes import Cluster, Object, WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.model import roles
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.k8s import encoded, name_of, secret_values, version_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets import tls
from pipeline_services.platform.deploy.secrets.damaged import clean, likely
from pipeline_services.platform.deploy.secrets.influx import Admin, Tokens, accepted, ensure_bucket, ensure_tokens


def made_secrets(pipeline: Pipeline) -> frozenset[str]:
    """The names of all Secrets that a deploy makes."""
    return frozenset({*pipeline.config.secrets, pipeline.dashboard.admin} - {""})


class SecretStore:
    """The namespace's secrets, as they are now. ``live``: the Secret objects of the namespace."""

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
        made = self._ensure_certificate() if self._config.tls else []
        keys, board = self._config.admin_keys, self._pipeline.dashboard.admin
        made += self._ensure_account(self._config.admin, {keys.username: b"operator"}, keys.password, keys.token)
        return made + (self._ensure_account(board, {"username": b"admin"}, "password") if board else [])

    def _ensure_certificate(self) -> list[str]:
        served = tls.server_names(self._pipeline)
        reason = tls.flaw(self.values(self._config.tls), served)
        if not reason:
            return []
        self.write(self._config.tls, tls.new_certificate(served), "kubernetes.io/tls")
        return [f"{self._config.tls} ({reason})"]

    def _ensure_account(self, name: str, username: Mapping[str, bytes], *private: str) -> list[str]:
        held, wanted = self.values(name), {*username, *private}
        whole = {key: clean(value) if key in wanted else value for key, value in held.items()}
        known = {key: value for key, value in whole.items() if value or key not in wanted}
        if wanted <= known.keys() and known == held:
            return []
        # what is there stays: the service was set up with it
        fresh = {key: secrets.token_urlsafe(32).encode() for key in private}
        self.write(name, {**username, **fresh, **known})
        return [name]

    def ensure_tokens(self) -> list[str]:
        """Make InfluxDB accept the tokens of the secrets, and mend the operator's. InfluxDB has to be ready.

        Returns:
            what was written.
        """
        held, keys = self.values(self._config.admin), self._config.admin_keys
        ca = self.values(self._config.tls)[tls.CA].decode() if self._config.tls else ""
        with influxdb(self._api, self._pipeline, ca) as http:
            name, password = (clean(held[key]).decode(errors="replace") for key in (keys.username, keys.password))
            account = Admin(name, password, accepted(http, self._operators(held[keys.token])))
            if self._all_use_the_operators:
                ensure_bucket(http, account, self._pipeline)
                return self._mend_operators(account.token)
            tokens = self._config.tokens.values()
            now = {clean(self.values(one.secret).get(one.key, b"")).decode(errors="replace") for one in tokens}
            made = ensure_tokens(http, account, self._pipeline, now)
            return [*self._mend_operators(account.token), *self._write_tokens(made)]

    def _operators(self, token: bytes) -> list[str]:
        found = likely(token)
        if not found:
            raise PlatformError(
                f"the token of the secret {self._config.admin} has characters that no token has",
                next_step="put the old secret back",
            )
        return found

    def _mend_operators(self, token: str) -> list[str]:
        """Let the administrator's secret hold the token that InfluxDB has taken."""
        name, key = self._config.admin, self._config.admin_keys.token
        if self.values(name)[key] == token.encode():
            return []
        self.write(name, {**self.values(name), key: token.encode()})
        return [name]

    @property
    def _all_use_the_operators(self) -> bool:
        """Whether nobody has a token of its own."""
        tokens = self._config.tokens.values()
        return all(one == self._config.admin_token for one in tokens)

    def _write_tokens(self, tokens: Tokens) -> list[str]:
        write, read = self._config.write_token, self._config.read_token
        wanted = {write.secret: {write.key: tokens.write.encode()}, read.secret: {read.key: tokens.read.encode()}}
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
    """InfluxDB over a port-forward, its certificate verified; without ``ca`` over plain HTTP."""
    service = pipeline.service(roles.INFLUXDB)
    with PortForward(cluster, Endpoint(service.name, pipeline[roles.INFLUXDB].first_pod, service.port)) as forward:
        tls = Tls(name=service.name, ca=ca) if ca else None
        with closing(HttpApi(service.name, forward.port, tls=tls, cause=lambda: forward.failure)) as http:
            yield http
