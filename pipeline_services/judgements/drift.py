"""An object that is not as it was declared, and what that does to the pipeline. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline_services.judgements.comparison import Difference
from pipeline_services.model.k8s import K8sObject, finalizers_of
from pipeline_services.model.kinds import KINDS

DELETED: Final = "metadata.deletionTimestamp"
"""The path of what differs in an object that was deleted and is held by somebody."""
HELD: Final = "metadata.finalizers"
"""The path of what differs in an object that somebody holds."""
OWNERS: Final = "metadata.ownerReferences"
IMMUTABLE: Final = "immutable"
ANNOTATIONS: Final = "metadata.annotations."
"""What the path of an annotation begins with."""
LABELS: Final = "metadata.labels."
"""What the path of a label begins with."""
PROXIED_BY: Final = ("service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless")
"""The labels of a Service that make kube-proxy pass it over."""
ENDPOINTS: Final = "endpoints"
"""What the path begins with of where a Service leads to."""
ROLE: Final = "roleRef"
"""What the path begins with of the role that is bound, which nothing changes in place."""
REQUEST: Final = "resources.requests.storage"
"""The path of how much a claim asks for: more can be given, and nothing taken back."""
CAPACITY: Final = "status.capacity.storage"
"""The path of how large a claim's volume is by now."""
_KUBERNETES_HOLDS: Final = re.compile(r"([\w-]+\.)*kubernetes\.io/|kubernetes$|foregroundDeletion$|orphan$")
"""Finalizers that Kubernetes sets by itself and takes away again."""
_HOW_IT_IS_HELD: Final = (
    "custom-columns=NAME:.metadata.name,IMMUTABLE:.immutable,FINALIZERS:.metadata.finalizers,"
    "OWNERS:.metadata.ownerReferences,DELETED:.metadata.deletionTimestamp"
)
WORKLOADS: Final = frozenset(kind.name for kind in KINDS.values() if kind.workload)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a difference in a place does; ``stops``: new pods may not work for it."""

    place: str
    does: str
    stops: bool = False


_MEANINGS: Final = (
    _Meaning(r"dns(Policy|Config)", "its pods ask other DNS servers, and may find no service by its name", stops=True),
    _Meaning(r"hostAliases", "a name may lead its pods to the wrong server", stops=True),
    _Meaning(
        r"host(Network|PID|IPC|Users)", "NetworkPolicies do not apply to its pods, or they can reach into the node"
    ),
    _Meaning(r"hostname|subdomain|setHostname", "its pods have other DNS names than clients look up", stops=True),
    _Meaning(r"serviceName", "its pods get names that clients do not look up", stops=True),
    _Meaning(r"ordinals", "its pods have other numbers: other names, and volumes without data", stops=True),
    _Meaning(r"readinessGates", "its pods are never ready unless something sets that condition", stops=True),
    _Meaning(r"schedul(er|ing)", "new pods wait for something else to place or release them", stops=True),
    _Meaning(r"runtimeClass|overhead|os\b|resource|resizePolicy", "new pods may be refused or fit nowhere", stops=True),
    _Meaning(r"imagePullSecrets", "the registry may refuse its images", stops=True),
    _Meaning(r"enableServiceLinks", "variables named after Services may be taken for settings", stops=True),
    _Meaning(r"activeDeadline|restartPolicy", "its pods end for good, with their work undone", stops=True),
    _Meaning(r"shareProcess", "its containers see each other's processes, of which none has the number 1"),
    _Meaning(r"initContainers", "its pods start only once that has ended", stops=True),
    _Meaning(r"containers\[[^]]*\]\.(command|args)", "its pods run another program", stops=True),
    _Meaning(r"containers\[[^]]*\]\.env", "its pods run with other settings", stops=True),
    _Meaning(r"containers\[[^]]*\]\.volumeMounts|volumes", "its pods find other files, or lose theirs", stops=True),
    _Meaning(r"serviceAccount|automount", "the API server may refuse its pods' requests", stops=True),
    _Meaning(
        r"containers\[[^]]*\]\.resources",
        "its pods get another share of the node; autoscalers measure usage against the request",
    ),
    _Meaning(r"containers\[[^]]*\]\.readinessProbe", "requests reach it while it cannot answer, or never"),
    _Meaning(r"containers\[[^]]*\]\.\w+Probe", "a hung process is noticed later or never, or a good one is killed"),
    _Meaning(
        r"containers\[[^]]*\]\.lifecycle|terminationGrace", "its pods are killed at their work, or hold up a rollout"
    ),
    _Meaning(
        r"containers\[[^]]*\]\.ports.*hostPort",
        "each node has room for one of its pods, and whoever reaches the node reaches it",
        stops=True,
    ),
    _Meaning(r"containers\[[^]]*\]\.ports", "Services and probes that name its ports may find none", stops=True),
    _Meaning(r"containers\[[^]]*\]\.imagePullPolicy", "a new pod may find no image where it looks", stops=True),
    _Meaning(r"containers\[[^]]*\]\.image", "its pods run another version than they should", stops=True),
    _Meaning(
        r"(.*\.)?securityContext", "its pods have other rights: they are refused, or fail at their files", stops=True
    ),
    _Meaning(r"containers", "its pods start with something else", stops=True),
    _Meaning(r"affinity|node(Selector|Name)|tolerations|topologySpread", "new pods may fit on no node", stops=True),
    _Meaning(r"priority|preemption", "when the node is full, the wrong pods are evicted"),
    _Meaning(r"replicas", "each of its pods has a part of the data, and none has all"),
    _Meaning(r"paused", "changes to it do not reach its pods"),
    _Meaning(r"strategy|updateStrategy|podManagement", "a failing rollout takes serving pods away"),
    _Meaning(
        r"minReady|progressDeadline|revisionHistory", "a rollout takes too long, or there is no revision to go back to"
    ),
    _Meaning(r"persistentVolumeClaimRetention", "its volumes are deleted with its pods, and all data in them"),
    _Meaning(r"annotations", "tools that read them treat its pods differently"),
    _Meaning(r"labels|selector", "services, policies and autoscalers may miss its pods", stops=True),
)
_RIGHTS: Final = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
_BY_KIND: Final[Mapping[str, _Meaning]] = {
    "ConfigMap": _Meaning("", "pods that start from now on use it", stops=True),
    "HorizontalPodAutoscaler": _Meaning("", "it scales by other rules than those tested"),
    "Namespace": _Meaning("", "new pods may be refused or changed"),
    "NetworkPolicy": _Meaning("", "the connections that are allowed are not those that were declared"),
    "PersistentVolume": _Meaning("", "once its claim is deleted, its data stays or goes otherwise than is expected"),
    "StorageClass": _Meaning("", "a volume claim that is made anew stays Pending"),
    "PersistentVolumeClaim": _Meaning("", "its volume is not the one that was tested, or soon too small"),
    "Pod": _Meaning("", "it works with something else than its workload says, until it is replaced"),
    "PodDisruptionBudget": _Meaning("", "a node drain evicts too many of its pods, or none"),
    **dict.fromkeys(_RIGHTS, _Meaning("", "the API server refuses its pods' requests, or allows them too much")),
    "Service": _Meaning("", "clients may reach no pod, or the wrong one"),
    "ServiceAccount": _Meaning("", "no pod that uses it can be created, or its requests are refused", stops=True),
}
_OF_METADATA: Final = (
    _Meaning(HELD, "while it is there the object cannot be deleted"),
    _Meaning(OWNERS, "it is deleted as soon as that owner is"),
    _Meaning(ANNOTATIONS, "Kubernetes treats it otherwise than what was tested"),
    *(
        _Meaning(f"{LABELS}{key}", "kube-proxy passes it over: its address leads nowhere", stops=True)
        for key in PROXIED_BY
    ),
    _Meaning(ENDPOINTS, "who connects anew reaches nobody, or never this pod", stops=True),
    _Meaning(CAPACITY, "its volume has not grown: describe says why; a file system grows when a pod mounts it anew"),
    _Meaning("metadata.labels", "whoever looks for it by its labels does not find it"),
    _Meaning(DELETED, "somebody deleted it: it is gone as soon as its finalizers are", stops=True),
)
_OF_KIND: Final[Mapping[str, tuple[_Meaning, ...]]] = {
    "Secret": (
        _Meaning("data", "a client that takes it as it stands is refused at its next start", stops=True),
        _Meaning(IMMUTABLE, "no rotation can change it"),
    ),
    "Pod": (
        _Meaning("ephemeralContainers", "somebody is debugging in it, which stays until it is replaced"),
        _Meaning("imageID", "its image's tag means two builds: its like work differently"),
        _Meaning("account", "the API server refuses its requests until it is replaced", stops=True),
    ),
    "Namespace": (_Meaning(LABELS, "for it a webhook is called that may refuse new pods, or change them"),),
}
"""What a difference means in one kind alone."""
_ANYTHING: Final = _Meaning("", "it behaves differently from what was tested")


@dataclass(frozen=True, slots=True)
class Drift:
    """An object that is not as it was declared, with all differences; without any it is missing.

    ``extra``: what an object does that nobody declared. ``of``: whose it is, where its name does not say so.
    """

    kind: str
    name: str
    component: str
    differences: tuple[Difference, ...] = ()
    extra: str = ""
    of: str = ""

    @property
    def subject(self) -> str:
        """The object as kubectl takes it."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def shown(self) -> str:
        """What of its kind ``kubectl get`` is to show: the object, or those that are there where it is missing."""
        if self.kind == KINDS["Secret"].name:  # not what it holds
            return f"{self.name} -o {_HOW_IT_IS_HELD}"
        return f"{self.name} -o yaml" if self.differences or self.extra else "-o wide"

    @property
    def observed(self) -> str:
        """What is so, in one sentence."""
        if self.extra:
            return f"{self.subject} exists and is not declared"
        if not self.differences:
            return f"there is no {self.subject}"
        more = f" (1 of {len(self.differences)} differences)" if len(self.differences) > 1 else ""
        whose = f" of {self.of}" if self.of else ""
        return f"{self.subject}{whose}: {self._worst[0]}{more}"

    @property
    def does(self) -> str:
        """What it does to the pipeline."""
        if self.kind in _RIGHTS and not self.differences and not self.extra:
            return f"the API server refuses what the pods of {self.component} ask"
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
        places: tuple[_Meaning, ...] = (*_OF_KIND.get(self.kind, ()), *_OF_METADATA)
        about = next((one for one in places if path.startswith(one.place)), None)
        if about is not None:
            return about
        if self.kind in _BY_KIND:
            return _BY_KIND[self.kind]
        return next((one for one in _MEANINGS if re.match(one.place, path)), _ANYTHING)


def held(item: K8sObject) -> Iterator[Difference]:
    """The finalizers that Kubernetes has not set itself."""
    foreign = [one for one in finalizers_of(item) if not _KUBERNETES_HOLDS.match(one)]
    if foreign:
        yield Difference(HELD, ", ".join(foreign), None)


def _rank(meaning: _Meaning) -> int:
    return _MEANINGS.index(meaning) if meaning in _MEANINGS else len(_MEANINGS)
