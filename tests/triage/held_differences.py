"""What a deploy leaves alone, or cannot change in place: claims that are held, another role that is bound."""

from __future__ import annotations

from tests.judgements.world import World
from tests.triage.added_objects import cluster_rights_cut
from tests.triage.differences import MOMENT, Known, metadata, spec

DRIFT = "not-as-declared"
_OWNED = {"ownerReferences": [{"kind": "Pod", "name": "x"}]}
_LESS = {"requests": {"storage": "1Gi"}}
_PROTECTED_AND_HELD = ["kubernetes.io/pvc-protection", "example.com/hold"]


def other_role(world: World) -> None:
    """Prometheus' account was bound to another role."""
    cluster_rights_cut(world)
    [role], [binding] = world.answers["clusterroles"], world.answers["clusterrolebindings"]
    role["rules"] = [{"resources": ["nodes"], "verbs": ["get", "list"]}]
    binding["roleRef"] = {"kind": "ClusterRole", "name": "view"}


HELD = (
    Known("claims-less", spec("pvcs", "data-kafka-0", resources=_LESS), f"storage: {DRIFT}"),
    Known("claim-held", metadata("pvcs", "data-kafka-0", finalizers=_PROTECTED_AND_HELD), f"storage: {DRIFT}"),
    Known("claim-goes-with-another", metadata("pvcs", "data-kafka-0", **_OWNED), f"storage: {DRIFT}"),
    Known("another-role-is-bound", other_role, f"prometheus: {DRIFT}"),
    Known(
        "config-deleted-and-held",
        metadata("configmaps", "kafka-config", deletionTimestamp=MOMENT, finalizers=["example.com/hold"]),
        f"kafka: {DRIFT}",
    ),
)
