"""Is InfluxDB's certificate the right one, trusted, and valid for long enough (sections 3.4 and 5)?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.growth import DAY_S
from pipeline_services.judgements.pods import require_ready
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, NotAsked
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.text import duration
from pipeline_services.snapshot.snapshot import Snapshot

DAYS_LEFT: Final = 14
_ADVICE: Final = advice_about(roles.INFLUXDB).but(
    impact="clients that verify refuse to connect: no reading is stored",
    next_command=(
        "kubectl get secret -n {namespace} {secret:tls} -o jsonpath='{.data.tls\\.crt}' | base64 -d | "
        "openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
    ),
    runbook="tls-certificate",
    level="L2",
)


KEY_ASKED_SINCE: Final = 3
"""The first format of snapshots that says whether the key fits."""


def is_valid_for_weeks(snapshot: Snapshot) -> None:
    """The certificate, in the Secret and as served, is valid now and for at least 14 days more."""
    for where, certificate in _certificates(snapshot):
        left = (certificate["not_after"] - snapshot.taken_at) / DAY_S
        if not left >= DAYS_LEFT:
            raise Deviation(snapshot, f"{where} {_ends(left)}", f"valid for >= {DAYS_LEFT} days", _ADVICE)
        if not certificate["not_before"] <= snapshot.taken_at:
            raise Deviation(snapshot, f"{where} is not valid yet", "valid since before now", _ADVICE)


def _ends(days: float) -> str:
    return f"expires in {days:.1f} days" if days > 0 else f"expired {duration(-days * DAY_S)} ago"


def has_its_key(snapshot: Snapshot) -> None:
    """The Secret's key is that of its certificate: a server that starts with another does not come up.

    Raises:
        NotAsked: an older suite took the snapshot.
        NoData: the Secret holds nothing that could be compared.
    """
    fits, secret = snapshot.data("tls").get("key_fits"), snapshot.pipeline.config.tls
    if fits is None and snapshot.format < KEY_ASKED_SINCE:
        raise NotAsked(f"an older suite did not ask whether tls.key of {secret} fits")
    if fits is None:
        raise NoData(f"the snapshot does not say whether tls.key of {secret} fits")
    if not fits:
        advice = _ADVICE.but(impact="InfluxDB runs with the old key in memory: it will not start again")
        raise Deviation(snapshot, f"tls.key of {secret} is not the key of its tls.crt", "the certificate's key", advice)


def is_trusted(snapshot: Snapshot) -> None:
    """The certificate carries every name it is used under, and a client with the Secret's CA trusts what is served."""
    for where, certificate in _certificates(snapshot):
        used = {snapshot.pipeline.service(roles.INFLUXDB).name, "localhost"}
        missing = sorted(used - set(certificate["names"]))
        if missing:
            raise Deviation(
                snapshot,
                f"{where} is not valid for the DNS name {' or '.join(missing)}",
                "every name it is used under",
                _ADVICE,
            )
    tls = _shown(snapshot)
    if not tls["verified"]:
        raise Deviation(snapshot, f"the served certificate does not verify: {tls['error']}", "verified", _ADVICE)


def is_the_served_one(snapshot: Snapshot) -> None:
    """InfluxDB serves the Secret's certificate: it reads its files only when it starts."""
    tls = _shown(snapshot)
    if tls["served"]["sha256"] != tls["secret"]["sha256"]:
        advice = _ADVICE.but(next_command="kubectl delete pod -n {namespace} {pod:influxdb}")
        raise Deviation(
            snapshot, "InfluxDB serves a different certificate from the one in the Secret", "the same", advice
        )


def _shown(snapshot: Snapshot) -> Mapping[str, Any]:
    """What was seen of a server that showed a certificate."""
    require_ready(snapshot, roles.INFLUXDB)
    tls: Mapping[str, Any] = snapshot.data("tls")
    if not tls.get("served"):
        raise NoData(f"InfluxDB served no certificate: {tls.get('error') or 'no answer'}")
    return tls


def _certificates(snapshot: Snapshot) -> Iterator[tuple[str, Mapping[str, Any]]]:
    tls, secret = snapshot.data("tls"), snapshot.pipeline.config.tls
    for key, where in (("secret", f"the certificate in {secret}"), ("served", "the served certificate")):
        if tls.get(key):
            yield where, tls[key]
        elif key == "secret":
            raise NoData(f"{secret} holds no certificate that can be read")
