"""Which Secrets hold which token, certificate and password: by who reads them, else by the names of their keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline_services.discover.namespace import Namespace, Workload
from pipeline_services.discover.wording import TOKEN
from pipeline_services.model import roles
from pipeline_services.model.k8s import Reference, references_of

_CERTIFICATE: Final = "tls.crt"
_TLS: Final = re.compile(r"(?i)tls|ssl|cert")


@dataclass(frozen=True, slots=True)
class Held:
    """A key of a Secret, and what it was found by; ``told``: a pod reads it, else only its name sounds like it."""

    reference: Reference
    by: str
    told: bool = True

    @property
    def value(self) -> dict[str, str]:
        """As the profile has it."""
        return {"secret": self.reference.name, "key": self.reference.key}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The Secrets of a namespace, and who reads what of them; ``listed``: whether they themselves could be read."""

    keys: Mapping[str, tuple[str, ...]]
    workloads: Mapping[str, Workload]
    listed: bool

    @classmethod
    def of(cls, namespace: Namespace, workloads: Mapping[str, Workload]) -> Credentials:
        """Where the Secrets may not be listed, those that pods read."""
        kept = namespace.secret_keys()
        return cls(kept or _keys_read(workloads.values()), workloads, bool(kept))

    def token_of(self, role: str) -> Held | None:
        """The token that a role's pods have in their environment."""
        workload = self.workloads.get(role)
        for name, held in workload.secrets if workload else ():
            if TOKEN.search(name) or TOKEN.search(held.key):
                return Held(held, f"env {name} of {workload}")
        return None

    def token_to_read_with(self) -> Held | None:
        """A token by whose name one reads."""
        for name, keys in self.keys.items():
            for key in keys:
                if TOKEN.search(key) and "read" in f"{name} {key}":
                    return Held(
                        Reference("Secret", name, key, optional=False), f"the name of Secret {name}", told=False
                    )
        return None

    def certificate(self) -> str:
        """The Secret with the certificate that InfluxDB shows; empty where it mounts none."""
        influxdb = self.workloads.get(roles.INFLUXDB)
        read = [one.name for one in references_of(influxdb.template) if one.kind == "Secret"] if influxdb else []
        known = [name for name in read if _CERTIFICATE in self.keys.get(name, ())]
        named = [name for name in read if not self.listed and _TLS.search(name)]
        return next(iter((*known, *named)), "")

    def administrator(self, role: str) -> Held | None:
        """The Secret with a role's administrator: one that its pods read a password from, else one named like it."""
        workload = self.workloads.get(role)
        for name, held in workload.secrets if workload else ():
            if "password" in f"{name} {held.key}".lower():
                return Held(held, f"env {name} of {workload}")
        for name, keys in self.keys.items():
            passwords = [key for key in keys if "password" in key.lower()]
            tokens = any(TOKEN.search(key) for key in keys)
            if passwords and (role.removesuffix("db") in name or (role == roles.INFLUXDB and tokens)):
                return Held(
                    Reference("Secret", name, passwords[0], optional=False), f"the keys of Secret {name}", told=False
                )
        return None


def _keys_read(workloads: Iterable[Workload]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for workload in workloads:
        for one in references_of(workload.template):
            if one.kind == "Secret" and one.key and one.key not in found.get(one.name, ()):
                found[one.name] = (*found.get(one.name, ()), one.key)
    return found
