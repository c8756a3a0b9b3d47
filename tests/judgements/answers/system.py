"""What the Kubernetes API says of the cluster's own parts, in the system's namespace, where all is well."""

from __future__ import annotations

import copy
from typing import Any

from pipeline_services.model.cluster_part import declared_here
from pipeline_services.model.pipeline import DAEMON_SET, DEPLOYMENT, Pipeline
from pipeline_services.model.text import rfc3339

COREFILE = """.:53 {
    errors
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
    }
    loop
    reload
}
"""
"""As kubeadm writes it."""


DNS_SERVICE = {
    "metadata": {"name": "kube-dns"},
    "spec": {"selector": {"k8s-app": "kube-dns"}, "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]},
}


def lists(now: float, node: str, pipeline: Pipeline) -> dict[str, Any]:
    """What the pipeline stands on, in the system's namespace."""

    def named(kind: str) -> list[str]:
        return [name for name, part in pipeline.cluster.items() if part.kind == kind]

    deployment = {"status": {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}}
    daemon_set = {"status": {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberAvailable": 1}}
    leases = [*named("Lease"), "apiserver-x2k4q"]
    return {
        "system_deployments": [{**_part(name, DEPLOYMENT), **copy.deepcopy(deployment)} for name in named(DEPLOYMENT)],
        "system_daemonsets": [{**_part(name, DAEMON_SET), **copy.deepcopy(daemon_set)} for name in named(DAEMON_SET)],
        "system_networkpolicies": [],
        "system_services": [DNS_SERVICE],
        "system_leases": [{"metadata": {"name": name}, "spec": {"renewTime": rfc3339(now - 2)}} for name in leases],
        "node_leases": [{"metadata": {"name": node}, "spec": {"renewTime": rfc3339(now - 5)}}],
        "dns_config": dict.fromkeys(pipeline.name_servers, COREFILE),
        "declared_parts": {
            name: _part(name, pipeline.cluster[name].kind) if name not in pipeline.name_servers else _config(name)
            for name in declared_here(pipeline.cluster)
        },
    }


def _part(name: str, kind: str) -> dict[str, Any]:
    """A part of the cluster itself, as it is declared and as it is."""
    containers = [{"name": name, "image": f"localhost/conveyor/{name}", "args": ["--v=1"]}]
    template = {"metadata": {"labels": {"k8s-app": name}}, "spec": {"containers": containers}}
    replicas = {"replicas": 2} if kind == DEPLOYMENT else {}
    return {"kind": kind, "metadata": {"name": name}, "spec": {**replicas, "template": template}}


def _config(name: str) -> dict[str, Any]:
    """A DNS server's ConfigMap, as it is declared."""
    return {"kind": "ConfigMap", "metadata": {"name": name}, "data": {"Corefile": COREFILE}}
