"""An object that is not as it was declared, and what that does to the pipeline. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline_services.judgements.comparison import Difference
from pipeline_services.model.kinds import KINDS

DELETED: Final = "metadata.deletionTimestamp"
"""The path of what differs in an object that was deleted and is held by somebody."""
WORKLOADS: Final = frozenset(kind.name for kind in KINDS.values() if kind.workload)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a difference in a place does; ``stops``: new pods may not work for it."""

    place: str
    does: str
    stops: bool = False


_MEANINGS: Final = (
    _Meaning(r"dns(Policy|Config)", "its pods ask other DNS servers, and may find no service by its name", stops=True),
    _Meaning(r"hostAliases", "its pods find somebody else behind a name", stops=True),
    _Meaning(r"host(Network|PID|IPC|Users)", "policies do not hold for its pods, or they reach into the node"),
    _Meaning(r"serviceName", "its pods get other names than those that clients look up", stops=True),
    _Meaning(r"initContainers", "its pods start only once that has ended", stops=True),
    _Meaning(r"containers\[[^]]*\]\.(command|args)", "its pods run another program", stops=True),
    _Meaning(r"containers\[[^]]*\]\.env", "its pods work with other settings", stops=True),
    _Meaning(r"containers\[[^]]*\]\.volumeMounts|volumes", "its pods find other files, or lose theirs", stops=True),
    _Meaning(r"serviceAccount|automount", "the API may refuse its pods what they ask for", stops=True),
    _Meaning(
        r"containers\[[^]]*\]\.resources",
        "its pods get another share of the node; autoscalers measure usage against the request",
    ),
    _Meaning(r"containers\[[^]]*\]\.\w+Probe", "a process that hangs is noticed at another time, or never"),
    _Meaning(
        r"containers\[[^]]*\]\.lifecycle|terminationGrace", "its pods are killed at their work, or hold up a rollout"
    ),
    _Meaning(r"containers|securityContext", "its pods start with something else", stops=True),
    _Meaning(
        r"affinity|nodeSelector|tolerations|topologySpread", "a new pod may find no node that it may run on", stops=True
    ),
    _Meaning(r"priority|preemption", "when the node is full, other pods have to go than those that can be spared"),
    _Meaning(r"replicas", "each of its pods has a part of the data, and nobody the whole"),
    _Meaning(r"paused", "no change of it reaches its pods"),
    _Meaning(r"strategy|updateStrategy", "a rollout that does not come up takes away pods that serve"),
    _Meaning(r"minReady|progressDeadline|revisionHistory", "a rollout takes too long, or there is none to go back to"),
    _Meaning(r"persistentVolumeClaimRetention", "its volumes go with its pods, and all that it holds"),
    _Meaning(r"annotations", "whoever goes by them puts something else into its pods, or reads something else there"),
    _Meaning(r"labels|selector", "services, policies and autoscalers may miss its pods", stops=True),
)
_BY_KIND: Final[Mapping[str, _Meaning]] = {
    "ConfigMap": _Meaning("", "a pod that starts from now on works with that", stops=True),
    "HorizontalPodAutoscaler": _Meaning("", "the pipeline scales by other rules than those it was tried with"),
    "Namespace": _Meaning("", "a pod that is made from now on may be refused"),
    "NetworkPolicy": _Meaning("", "what may connect is not what was decided"),
    "PersistentVolumeClaim": _Meaning("", "it has another volume than it was tried with, or soon too little room"),
    "PodDisruptionBudget": _Meaning("", "a drain of the node takes more of its pods than may go, or gets none away"),
    "Role": _Meaning("", "the API refuses its pods what they ask for, or allows them more"),
    "RoleBinding": _Meaning("", "the API refuses its pods what they ask for, or allows them more"),
    "Service": _Meaning("", "clients may find nobody, or somebody else, behind the name"),
    "ServiceAccount": _Meaning("", "no pod of it can be made, or it may not ask the API", stops=True),
}
_DELETED: Final = _Meaning(DELETED, "somebody deleted it: it goes as soon as nothing holds it any more", stops=True)
_ANYTHING: Final = _Meaning("", "it does not behave as it was tried")


@dataclass(frozen=True, slots=True)
class Drift:
    """An object that is not as it was declared, with all differences; without any it is missing.

    ``extra``: what an object does that nobody declared.
    """

    kind: str
    name: str
    component: str
    differences: tuple[Difference, ...] = ()
    extra: str = ""

    @property
    def subject(self) -> str:
        """The object as kubectl takes it."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def observed(self) -> str:
        """What is so, in one sentence."""
        if self.extra:
            return f"{self.subject} is there and not declared"
        if not self.differences:
            return f"there is no {self.subject}"
        more = f", and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return f"{self.subject}: {self._worst[0]}{more}"

    @property
    def does(self) -> str:
        """What it does to the pipeline."""
        return self.extra or self._worst[1].does

    @property
    def stops(self) -> bool:
        """Whether a pod may not work for it."""
        return not self.extra and self._worst[1].stops

    @property
    def _worst(self) -> tuple[Difference, _Meaning]:
        """The difference that does most, and what that is."""
        known = [(one, self._meaning(one.path)) for one in self.differences or (Difference("", None, None),)]
        return max(known, key=lambda pair: (pair[1].stops, -_rank(pair[1])))

    def _meaning(self, path: str) -> _Meaning:
        if path == DELETED:
            return _DELETED
        if self.kind in _BY_KIND:
            return _BY_KIND[self.kind]
        return next((one for one in _MEANINGS if re.match(one.place, path)), _ANYTHING)


def _rank(meaning: _Meaning) -> int:
    return _MEANINGS.index(meaning) if meaning in _MEANINGS else len(_MEANINGS)
