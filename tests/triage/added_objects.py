"""What somebody has added to what was declared: objects and pods, just as they would look."""

from __future__ import annotations

import copy
from typing import Any

from tests.judgements.world import World
from tests.triage.differences import MOMENT, Change


def added(source: str, name: str, **fields: Any) -> Change:
    """An object that nobody declared."""

    def change(world: World) -> None:
        labels = fields.get("labels", {})
        made = {"name": name, "labels": labels, "creationTimestamp": MOMENT, **fields.get("metadata", {})}
        others = {key: value for key, value in fields.items() if key not in ("labels", "metadata")}
        world.answers[source].append({"metadata": made, **others})

    return change


def doubled(app: str) -> Change:
    """Two replicas, both well."""

    def change(world: World) -> None:
        found = world.workload(app)
        found["spec"]["replicas"] = 2
        counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "currentReplicas")
        found["status"].update({count: 2 for count in counts if count in found["status"]})

    return change


def limited(kind: str, **fields: Any) -> Change:
    """A quota or a range of limits that nobody declared."""

    def change(world: World) -> None:
        world.answers["quotas"].append({"kind": kind, "name": "team", **fields})

    return change


def released(app: str) -> Change:
    """The pod of before has lost its labels and its owner, and another one has taken its place."""

    def change(world: World) -> None:
        old = copy.deepcopy(world.pods(app)[0])
        old["metadata"] |= {"name": f"{old['metadata']['name'][:-5]}abcde", "uid": "old", "labels": {"app": "debug"}}
        del old["metadata"]["ownerReferences"]
        world.answers["pods"].append(old)

    return change


def by_hand(app: str) -> Change:
    """A pod with the app's labels that somebody made."""

    def change(world: World) -> None:
        made = copy.deepcopy(world.pods(app)[0])
        made["metadata"] |= {"name": "trial", "uid": "trial", "labels": dict(world.pipeline[app].selector)}
        del made["metadata"]["ownerReferences"]
        world.answers["pods"].append(made)

    return change


def second_pod(world: World, app: str) -> dict[str, Any]:
    """A replica more, made just as the first one and a while after it, ready and scraped."""
    made = copy.deepcopy(world.pods(app)[0])
    name, address = f"{made['metadata']['name'][:-5]}zzzzz", "10.244.0.92"
    made["metadata"] |= {"name": name, "uid": "second", "creationTimestamp": world.ago(300)}
    made["status"] |= {"podIP": address, "podIPs": [{"ip": address}]}
    target = copy.deepcopy(next(one for one in world.answers["prometheus_targets"] if one["labels"]["app"] == app))
    target["labels"]["pod"] = name
    world.answers["prometheus_targets"].append(target)
    world.answers["pods"].append(made)
    counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
    world.workload(app)["status"] |= dict.fromkeys(counts, 2)
    world.workload(app)["spec"]["replicas"] = 2
    return made


def idle(world: World) -> None:
    """A second processor is ready like the first one, and has never joined the group."""
    second_pod(world, "processor")


def account_made_anew(world: World) -> None:
    """Somebody deleted Prometheus' account, and a deploy made it again; the pod has the token of the old one."""
    world.item("serviceaccounts", "prometheus")["metadata"]["creationTimestamp"] = world.ago(60)


def of_another_build(world: World) -> None:
    """The tag was pushed anew, and a pod that was made since has another image under it."""
    second_pod(world, "producer")["status"]["containerStatuses"][0]["imageID"] = f"sha256:{'5e' * 32}"


def second_workload(app: str, **labels: str) -> Change:
    """A copy of the app's workload under another name; its pods have the app's labels, and those beside."""

    def change(world: World) -> None:
        made = copy.deepcopy(world.workload(app))
        made["metadata"]["name"] = f"{app}-canary"
        made["spec"]["template"]["metadata"]["labels"] |= labels
        world.answers["deployments"].append(made)

    return change


def given_rights(source: str, **subject: str) -> Change:
    """Somebody may do everything in the namespace, or in the cluster."""
    role = {"kind": "ClusterRole", "name": "admin"}
    return added(source, "debug", roleRef=role, subjects=[subject])


def cluster_rights_cut(world: World) -> None:
    """What lets Prometheus find the nodes lets it see one alone."""
    role = {"metadata": {"name": "conveyor-prometheus"}, "rules": [{"resources": ["nodes"], "verbs": ["get", "list"]}]}
    subject = {"kind": "ServiceAccount", "name": "prometheus", "namespace": world.pipeline.namespace}
    given = {"kind": "ClusterRole", "name": "conveyor-prometheus"}
    binding = {"metadata": {"name": "conveyor-prometheus"}, "roleRef": given, "subjects": [subject]}
    world.answers |= {"clusterroles": [role], "clusterrolebindings": [binding]}
    declared = ({"kind": "ClusterRole", **role}, {"kind": "ClusterRoleBinding", **binding})
    world.answers["declared"] += copy.deepcopy(declared)
    role["rules"] = [{"resources": ["nodes"], "verbs": ["get"]}]
