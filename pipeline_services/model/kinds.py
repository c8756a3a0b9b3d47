"""The one table of Kubernetes kinds: what each is called, and where the API keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
"""The content type of a change that says of an object just what becomes different."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object.

    Attributes:
        name: as ``kind:`` says it, ``Deployment``.
        plural: as its path says it, ``deployments``.
        api: its API group with version.
        short: what a list of it is called in a snapshot, where that is not the plural.
        workload: whether it makes pods from a template and counts those of the newest.
    """

    name: str
    plural: str
    api: str = "v1"
    namespaced: bool = True
    short: str = ""
    workload: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def source(self) -> str:
        """What a list of it is called in a snapshot."""
        return self.short or self.plural

    @property
    def title(self) -> str:
        """As ``kubectl auth can-i`` wants it: ``pods``, ``deployments.apps``."""
        group = self.api.rpartition("/")[0]
        return f"{self.plural}.{group}" if group else self.plural

    def path(self, namespace: str = "", name: str = "", part: str = "") -> str:
        """The API path of all objects, of one, or of its subresource ``part``."""
        root = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        within = f"namespaces/{namespace}" if self.namespaced and namespace else ""
        return "/".join(piece for piece in (root, within, self.plural, name, part) if piece)


_ADMISSION: Final = "admissionregistration.k8s.io/v1"
_APPS: Final = "apps/v1"
_BATCH: Final = "batch/v1"
_COORDINATION: Final = "coordination.k8s.io/v1"
_METRICS: Final = "metrics.k8s.io/v1beta1"
_NETWORK: Final = "networking.k8s.io/v1"
_RBAC: Final = "rbac.authorization.k8s.io/v1"
_TABLE: Final = (
    Kind("Pod", "pods"),
    Kind("Deployment", "deployments", _APPS, workload=True),
    Kind("StatefulSet", "statefulsets", _APPS, workload=True),
    Kind("DaemonSet", "daemonsets", _APPS, workload=True),
    Kind("ReplicaSet", "replicasets", _APPS),
    Kind("ControllerRevision", "controllerrevisions", _APPS),
    Kind("Job", "jobs", _BATCH),
    Kind("CronJob", "cronjobs", _BATCH),
    Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling/v2", short="hpas"),
    Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy/v1"),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", short="pvcs"),
    Kind("PersistentVolume", "persistentvolumes", namespaced=False),
    Kind("Service", "services"),
    Kind("EndpointSlice", "endpointslices", "discovery.k8s.io/v1"),
    Kind("PriorityClass", "priorityclasses", "scheduling.k8s.io/v1", namespaced=False),
    Kind("StorageClass", "storageclasses", "storage.k8s.io/v1", namespaced=False),
    Kind("Ingress", "ingresses", _NETWORK),
    Kind("NetworkPolicy", "networkpolicies", _NETWORK),
    Kind("ConfigMap", "configmaps"),
    Kind("Secret", "secrets"),
    Kind("Event", "events"),
    Kind("ResourceQuota", "resourcequotas"),
    Kind("LimitRange", "limitranges"),
    Kind("Namespace", "namespaces", namespaced=False),
    Kind("Node", "nodes", namespaced=False),
    Kind("Lease", "leases", _COORDINATION),
    Kind("ServiceAccount", "serviceaccounts"),
    Kind("Role", "roles", _RBAC),
    Kind("RoleBinding", "rolebindings", _RBAC),
    Kind("ClusterRole", "clusterroles", _RBAC, namespaced=False),
    Kind("ClusterRoleBinding", "clusterrolebindings", _RBAC, namespaced=False),
    Kind("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION, namespaced=False),
    Kind("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, namespaced=False),
    Kind("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", _ADMISSION, namespaced=False),
    Kind("APIService", "apiservices", "apiregistration.k8s.io/v1", namespaced=False),
    Kind("PodMetrics", "pods", _METRICS, short="pod_metrics"),
    Kind("NodeMetrics", "nodes", _METRICS, namespaced=False, short="node_metrics"),
)

SYSTEM: Final = "system_"
"""What the lists of the system's namespace begin with in a snapshot."""
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _TABLE}
WORKLOAD_KINDS: Final = tuple(kind for kind in _TABLE if kind.workload)

# the kinds of the metrics API share their plurals with others, which those plurals mean
_CALLED: Final = {called: kind for kind in reversed(_TABLE) for called in (kind.plural, kind.source, kind.name)}


def kind_of(called: str) -> Kind:
    """The kind of that name, plural or list of a snapshot: ``Deployment``, ``deployments``, ``hpas``, ``system_pods``.

    Raises:
        ValueError: the table has none; says what it has.
    """
    found = _CALLED.get(called.removeprefix(SYSTEM))
    if found is None:
        raise ValueError(f"the kind {called!r} is not known; known are {', '.join(sorted(KINDS))}")
    return found
