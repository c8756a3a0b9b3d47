"""Every pod: our own image, requests and limits, probes that notice a hung process, no right it does not need."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_services.model import roles
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.render import REGISTRY

ALLOWED_VOLUMES = {"configMap", "emptyDir", "secret", "persistentVolumeClaim", "projected", "downwardAPI"}
PIPELINE = Pipeline.load()
WORKLOADS = {component: part.workload for component, part in PIPELINE.workloads.items()}
LOG_SHIPPER, PROMETHEUS, INFLUXDB = (WORKLOADS[role] for role in (roles.LOG_SHIPPER, roles.PROMETHEUS, roles.INFLUXDB))
RESTRICTED = [app for app in WORKLOADS.values() if app != LOG_SHIPPER]
NODE_CORES = 2.0
CONTROL_PLANE_CORES = 0.86  # kubeadm's parts, one CoreDNS, the CNI, metrics-server and the nightly run


@pytest.mark.parametrize("app", WORKLOADS.values())
def test_image_is_our_own_and_has_no_tag(manifests: Any, app: str) -> None:
    container = manifests.container(app)
    assert container["image"].startswith(REGISTRY)
    assert ":" not in container["image"]
    assert container["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize("app", WORKLOADS.values())
def test_requests_and_limits(manifests: Any, app: str) -> None:
    resources = manifests.container(app)["resources"]
    assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}
    assert cores(resources["requests"]["cpu"]) <= cores(resources["limits"]["cpu"])


def test_everything_fits_on_two_cores_also_when_scaled_up(manifests: Any) -> None:
    asked = sum(
        (part.autoscaler.max_replicas if part.autoscaler else 1)
        * cores(manifests.container(part.workload)["resources"]["requests"]["cpu"])
        for part in PIPELINE.workloads.values()
    )
    assert asked + CONTROL_PLANE_CORES <= NODE_CORES


@pytest.mark.parametrize("app", WORKLOADS.values())
def test_probes_ask_the_process_itself(manifests: Any, app: str) -> None:
    container = manifests.container(app)
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[name]
        assert "tcpSocket" not in probe, "the kernel accepts connections for a stopped process"
        assert probe["timeoutSeconds"] <= 5
    liveness = container["livenessProbe"]
    assert liveness["periodSeconds"] * liveness["failureThreshold"] <= 30
    assert liveness["terminationGracePeriodSeconds"] == 2, "a stopped process ignores SIGTERM"


@pytest.mark.parametrize("app", WORKLOADS.values())
def test_file_system_is_read_only_and_rights_are_dropped(manifests: Any, app: str) -> None:
    pod = manifests.workload(app)["spec"]["template"]["spec"]
    context = manifests.container(app)["securityContext"]
    assert context == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert pod["enableServiceLinks"] is False


@pytest.mark.parametrize("app", RESTRICTED)
def test_pod_meets_the_restricted_profile(manifests: Any, app: str) -> None:
    pod = manifests.workload(app)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    kinds = {key for volume in pod.get("volumes", []) for key in volume if key != "name"}
    assert kinds <= ALLOWED_VOLUMES


def test_the_log_shipper_only_reads_the_nodes_logs(manifests: Any) -> None:
    pod = manifests.workload(LOG_SHIPPER)["spec"]["template"]["spec"]
    [host] = [volume for volume in pod["volumes"] if "hostPath" in volume]
    assert host["hostPath"]["path"] == "/var/log/pods"
    [mount] = [mount for mount in manifests.container(LOG_SHIPPER)["volumeMounts"] if mount["name"] == host["name"]]
    assert mount["readOnly"] is True


@pytest.mark.parametrize("app", WORKLOADS.values())
def test_only_prometheus_has_an_account(manifests: Any, app: str) -> None:
    pod = manifests.workload(app)["spec"]["template"]["spec"]
    assert ("serviceAccountName" in pod) == (app == PROMETHEUS)
    assert pod.get("automountServiceAccountToken", True) == (app == PROMETHEUS)


def test_the_private_key_is_for_influxdb_alone(manifests: Any) -> None:
    for app in WORKLOADS.values():
        for volume in manifests.workload(app)["spec"]["template"]["spec"].get("volumes", []):
            if volume.get("secret", {}).get("secretName") == PIPELINE.config.tls and app != INFLUXDB:
                assert volume["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}], app


def cores(quantity: str) -> float:
    return float(quantity.removesuffix("m")) / 1000 if quantity.endswith("m") else float(quantity)
