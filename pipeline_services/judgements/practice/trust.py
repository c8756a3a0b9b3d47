"""Who is trusted without proof, and what is written where anybody reads it: TLS, tokens, passwords."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from pipeline_services.judgements.practice.evidence import Practice, containers, line_of, require_none, shows, told
from pipeline_services.model import roles
from pipeline_services.model.k8s import Setting, secret_variables_of, template_of
from pipeline_services.snapshot.objects import workload_of
from pipeline_services.snapshot.redaction import REDACTED
from pipeline_services.snapshot.snapshot import Snapshot

_NOT_VERIFIED: Final = Practice(
    "TLS is used but not verified",
    "the authority's certificate from the Secret as the client's CA file, and verification on",
    "whoever takes over the name gets the token and the readings",
)
_IN_CONFIG_MAP: Final = Practice(
    "a secret is stored in plain text where many can read it",
    "a Secret, and a secretKeyRef or a mounted file in its place",
    "whoever may read ConfigMaps or pods can read and write the readings",
)
_DEFAULT: Final = Practice(
    "credentials are well-known defaults", "a generated value, in a Secret", "anybody who reaches the service gets in"
)
_YES: Final = r"""["']?\s*[:=]\s*["']?(?:true|yes|on|1)\b"""
_NO: Final = r"""["']?\s*[:=]\s*["']?(?:false|no|none|off|0)\b"""
_OFF: Final = (
    re.compile(rf"(?i)(?:insecure|skip_?(?:tls|ssl|cert\w*)?_?verif\w*|(?:tls|ssl)_?skip_?verif\w*)\w*{_YES}"),
    re.compile(rf"(?i)(?:(?:ssl|tls|cert|https)\w*verif\w*|verif\w*(?:ssl|tls|cert|https)\w*|\bverify){_NO}"),
    re.compile(rf"(?i)reject_unauthorized{_NO}"),
    re.compile(r"(?i)--(?:insecure|skip-verify|no-check-certificate|tls-skip-verify)\b(?!=false)"),
)
"""How programs are told not to verify."""
_WARNED: Final = re.compile(r"InsecureRequestWarning|Unverified HTTPS request")
"""How a library says by itself that its program does not."""
_HELD: Final = re.compile(
    rf"(?i)(?:pass(?:word|wd)?|token|secret|api_?key|credentials?)\w*[\"']?\s*[:=]\s*[\"']?{re.escape(REDACTED)}"
    rf"|://[^\s@]*:{re.escape(REDACTED)}@"
)
_KNOWN_TO_ALL: Final = (
    *("admin", "password", "passw0rd", "changeme", "change-me", "change_me", "secret", "root", "test", "default"),
    *("admin123", "admin1234", "password1", "password123", "adminpassword", "admin-password", "letmein", "example"),
    *("123456", "12345678", "1234567890", "influxdb", "influx", "grafana", "kafka", "token", "mytoken", "my-token"),
    *("my-super-secret-auth-token", "my-secret-token", "supersecret", "super-secret", "secret-token", "admin-token"),
)
_DIGESTS: Final = {hashlib.sha256(one.encode()).hexdigest()[:16]: one for one in _KNOWN_TO_ALL}
_CREDENTIAL: Final = re.compile(r"(?i)pass|token|secret|api_?key")
_ADMIN_PASSWORD: Final = re.compile(r"(?i)GF_SECURITY_ADMIN_PASSWORD(?:__FILE)?|^\s*admin_password\b")


def tls_is_verified(snapshot: Snapshot, app: str) -> None:
    """Nothing tells the app not to verify whom it talks to, and it does not say that it does not."""
    part = snapshot.pipeline[app]
    lines = [line_of(one) for one in told(snapshot, app) if any(words.search(one.value) for words in _OFF)]
    require_none(snapshot, part, _NOT_VERIFIED, [*lines, *_warnings(snapshot, app)])


def _warnings(snapshot: Snapshot, app: str) -> Iterator[str]:
    """What the app logs of it; the logs of those that only watch are not always read."""
    source = f"logs/{app}"
    if app not in snapshot.pipeline.data_path and not snapshot.asked(source):
        return
    for tail in snapshot.data(source):
        found = next((line for line in tail["lines"] if _WARNED.search(line)), "")
        if found:
            yield line_of(Setting("", found.strip(), f"log of {tail['pod']}"))


def secrets_are_kept(snapshot: Snapshot, app: str) -> None:
    """No ConfigMap that the app reads and no variable of its template holds a token or a password."""
    part = snapshot.pipeline[app]
    held = [line_of(one) for one in told(snapshot, app) if _HELD.search(one.value)]
    written = [
        shows(part, container, f"env {one['name']}", one["value"])
        for container in containers(snapshot, app)
        for one in container.get("env") or ()
        if one.get("value") == REDACTED
    ]
    require_none(snapshot, part, _IN_CONFIG_MAP, [*written, *held])


def credentials_are_own(snapshot: Snapshot) -> None:
    """No Secret holds a password or token that everybody knows, and Grafana's administrator has one of his own."""
    lines = [
        f'Secret {secret["name"]}, {key} = "{_DIGESTS[held["sha256"]]}"'
        for secret in snapshot.data("secrets")
        for key, held in secret["keys"].items()
        if _CREDENTIAL.search(key) and held["sha256"] in _DIGESTS
    ]
    require_none(snapshot, "config", _DEFAULT, lines, "kubectl get configmaps,secrets -n {namespace}")


def grafana_has_a_password(snapshot: Snapshot) -> None:
    """Grafana's administrator does not have the password that every Grafana starts with."""
    part, template = snapshot.pipeline[roles.GRAFANA], template_of(workload_of(snapshot, roles.GRAFANA))
    said = [name for name, _ in secret_variables_of(template)]
    said += [one.value for one in told(snapshot, roles.GRAFANA)]
    nothing = shows(part, containers(snapshot, roles.GRAFANA)[0], "env GF_SECURITY_ADMIN_PASSWORD", None)
    lines = [] if any(_ADMIN_PASSWORD.search(one) for one in said) else [nothing]
    require_none(snapshot, part, _DEFAULT, lines)
