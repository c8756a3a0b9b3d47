"""Whether a client that complained of a server has reached it since: then what it said is over. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.k8s import K8sObject, status_of
from pipeline_services.model.processor_log import DELIVERS_AGAIN
from pipeline_services.triage.evidence import Evidence

ONCE_S: Final = 10.0
"""Seconds within which a client's libraries say of one failure all that they have to say."""
STILL_SAID_S: Final = 20.0
"""Seconds within which a client that fails again and again says so once more."""
SESSION_S: Final = 10.0
"""Seconds after which the broker no longer counts a member of the group from which it hears nothing, and a margin."""
_ANSWERED: Final[Mapping[str, str]] = {
    roles.KAFKA: r"Discovered coordinator|Joined group|linked to Kafka|Resetting offset",
    roles.INFLUXDB: rf"\bHTTP \d{{3}}\b|{DELIVERS_AGAIN}",
}
"""What a client logs once the server has answered it, be it with a refusal."""
_Lines = Sequence[tuple[float, str]]


def standing(evidence: Evidence, client: str, pod: K8sObject, server: str, complaints: _Lines) -> _Lines:
    """A pod's complaints (epoch seconds, text) of a server, oldest first; none where they are over.

    One failure is over once the pod has reached the server. Several are not while they are still being said: on a line
    that loses packets, answers come in between.
    """
    if not complaints:
        return ()
    first, last = complaints[0][0], complaints[-1][0]
    if last - first > ONCE_S and evidence.now - last <= STILL_SAID_S:
        return complaints
    return complaints if last >= _reached(evidence, client, pod, server) else ()


def _reached(evidence: Evidence, client: str, pod: K8sObject, server: str) -> float:
    """When the pod last reached the server, as far as its log and the broker say; 0: not known."""
    pattern = _ANSWERED.get(server)
    answers = [at for at, text in evidence.lines_of(client, pod) if pattern and re.search(pattern, text)]
    members = (evidence.data("kafka_group") or {}).get("members") or () if server == roles.KAFKA else ()
    address = status_of(pod).get("podIP")
    heard = [evidence.now - SESSION_S for member in members if address and member["host"] == address]
    return max((*answers, *heard), default=0.0)
