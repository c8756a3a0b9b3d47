"""A deploy against a cluster in memory: in which order, what a second one does, and how drift is repaired."""

from __future__ import annotations

import base64
import datetime
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_services.model import roles
from pipeline_services.platform.deploy import reads, removed
from pipeline_services.platform.deploy.secrets import store as secret_store
from pipeline_services.platform.deploy.secrets import tls
from tests.platform.deploy.world import CONFIG, DEPLOYMENTS, PIPELINE, TOKENS, World


def test_everything_is_there_after_the_first(deployed: World) -> None:
    wanted = {(item["kind"], item["metadata"]["name"]) for item in deployed.manifests}
    assert deployed.cluster.objects.keys() == wanted | {
        ("Secret", name) for name in secret_store.made_secrets(PIPELINE)
    }


@pytest.mark.parametrize("secret", CONFIG.secrets)
def test_each_secret_is_made_with_just_the_keys_of_the_description(deployed: World, secret: str) -> None:
    assert deployed.cluster.objects["Secret", secret]["data"].keys() == set(CONFIG.secrets[secret])


def test_what_reads_a_token_waits_for_it(world: World) -> None:
    world.deploy()
    log = world.cluster.log
    asked = log.index("asked influxdb")
    assert log.index("wrote Secret influxdb-tls") < log.index("wrote StatefulSet influxdb") < asked
    assert min(log.index("wrote Deployment processor"), log.index("wrote Deployment grafana")) > asked


def test_what_an_autoscaler_scales_is_there_before_it(deployed: World) -> None:
    log = deployed.cluster.log
    for name, component in PIPELINE.autoscalers.items():
        made = f"wrote Deployment {PIPELINE[component].workload}"
        assert log.index(made) < log.index(f"wrote HorizontalPodAutoscaler {name}")


def test_the_second_one_changes_nothing(deployed: World) -> None:
    assert deployed.deploy() == []
    assert deployed.cluster.log == ["asked influxdb"]


def test_secrets_are_of_this_deploy_alone(deployed: World, manifests: Any, tmp_path: Path) -> None:
    other = World(list(manifests.objects), tmp_path)
    other.deploy()
    for name in (CONFIG.admin, PIPELINE.dashboard.admin, CONFIG.tls):
        ours = deployed.cluster.objects["Secret", name]["data"]
        assert not set(ours.values()) & set(other.cluster.objects["Secret", name]["data"].values()) - {
            base64.b64encode(user).decode() for user in (b"operator", b"admin")
        }


def test_a_changed_config_map_is_put_right_and_its_readers_restart(deployed: World) -> None:
    before = {name: deployed.stamp("Deployment", name) for name in DEPLOYMENTS}
    deployed.cluster.change("ConfigMap", CONFIG.config_map, data={"KAFKA_BROKER": "nowhere:9092"})
    deployed.deploy()
    broker = deployed.cluster.objects["ConfigMap", CONFIG.config_map]["data"]["KAFKA_BROKER"]
    assert broker == PIPELINE.service(roles.KAFKA).address
    restarted = {name for name in DEPLOYMENTS if deployed.stamp("Deployment", name) != before[name]}
    assert restarted == {roles.PRODUCER, roles.PROCESSOR}


def test_what_running_pods_read_again_restarts_nothing(deployed: World) -> None:
    key = ("StatefulSet", PIPELINE[roles.INFLUXDB].workload)
    tls_of = {name: item for (kind, name), item in deployed.cluster.objects.items() if kind == "Secret"}[CONFIG.tls]
    deployed.cluster.change("Secret", CONFIG.tls, data=tls_of["data"])
    live = deployed.cluster.objects[key]
    versions = {one: item["metadata"]["resourceVersion"] for one, item in deployed.cluster.objects.items()}
    before = deployed.stamp(*key)
    assert not reads.is_up_to_date(live, reads.stamp_of(live, versions))
    live["metadata"]["annotations"] = {reads.READ_AGAIN: reads.stamp_of(live, versions)}
    assert reads.is_up_to_date(live, reads.stamp_of(live, versions))
    deployed.deploy()
    assert deployed.stamp(*key) == before
    deployed.cluster.change("Secret", CONFIG.tls, data=tls_of["data"])
    deployed.deploy()
    assert deployed.stamp(*key) != before


def test_a_wrong_token_is_replaced_and_the_processor_restarts(deployed: World) -> None:
    wrong = {CONFIG.write_token.key: base64.b64encode(b"wrong").decode()}
    deployed.cluster.change("Secret", CONFIG.write_token.secret, data=wrong)
    before = deployed.stamp("Deployment", roles.PROCESSOR)
    assert f"made {CONFIG.write_token.secret}" in deployed.deploy()
    data = deployed.cluster.objects["Secret", CONFIG.write_token.secret]["data"]
    assert base64.b64decode(data[CONFIG.write_token.key]).decode() == TOKENS.write
    assert deployed.stamp("Deployment", roles.PROCESSOR) != before


def test_a_certificate_that_expires_tomorrow_is_replaced_and_its_readers_restart(deployed: World) -> None:
    old = tls.new_certificate(tls.server_names(PIPELINE), valid_for=datetime.timedelta(days=1))
    data = {key: base64.b64encode(value).decode() for key, value in old.items()}
    deployed.cluster.change("Secret", CONFIG.tls, data=data)
    deployed.deploy()
    wrote = {line.split()[-1] for line in deployed.cluster.log if line.startswith("wrote ")}
    assert wrote == {CONFIG.tls, roles.INFLUXDB, roles.PROCESSOR, roles.PROMETHEUS, roles.GRAFANA}


def test_administrators_passwords_stay(deployed: World) -> None:
    before = deployed.cluster.objects["Secret", CONFIG.admin]["data"]
    partial = {key: value for key, value in before.items() if key != "username"}
    deployed.cluster.change("Secret", CONFIG.admin, data=partial)
    deployed.deploy()
    assert deployed.cluster.objects["Secret", CONFIG.admin]["data"] == before


def test_an_autoscaled_deployment_at_0_is_woken(deployed: World) -> None:
    spec = {**deployed.cluster.objects["Deployment", roles.PRODUCER]["spec"], "replicas": 0}
    deployed.cluster.change("Deployment", roles.PRODUCER, spec=spec)
    assert "producer was scaled to 0: one replica again" in deployed.deploy()
    assert deployed.cluster.objects["Deployment", roles.PRODUCER]["spec"]["replicas"] == 1


def test_what_the_autoscaler_chose_stays(deployed: World) -> None:
    spec = {**deployed.cluster.objects["Deployment", roles.PRODUCER]["spec"], "replicas": 4}
    deployed.cluster.change("Deployment", roles.PRODUCER, spec=spec)
    assert deployed.deploy() == []
    assert deployed.cluster.objects["Deployment", roles.PRODUCER]["spec"]["replicas"] == 4


def test_a_foreign_policy_is_removed(deployed: World) -> None:
    stranger = {"kind": "NetworkPolicy", "metadata": {"name": "deny-kafka"}, "spec": {}}
    deployed.cluster.apply(stranger)
    said, kept = deployed.deploy()
    assert said == "removed NetworkPolicy deny-kafka"
    assert ("NetworkPolicy", "deny-kafka") not in deployed.cluster.objects
    (file,) = (deployed.folder / removed.FOLDER).iterdir()
    assert kept == f"  kubectl create -f {file} brings it back"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert yaml.safe_load(file.read_text())["items"] == [{"apiVersion": "networking.k8s.io/v1", **stranger}]


def test_of_what_deploys_took_away_the_newest_files_are_kept(tmp_path: Path) -> None:
    for number in range(removed.KEPT + 3):
        (tmp_path / f"2026-{number:02}.yaml").touch()
    removed.save([{"kind": "Secret", "metadata": {"name": "a", "uid": "u"}, "data": {}, "status": {}}], tmp_path)
    *older, newest = sorted(tmp_path.iterdir())
    assert (len(older), older[0].name) == (removed.KEPT - 1, "2026-04.yaml")
    assert yaml.safe_load(newest.read_text())["items"][0]["metadata"] == {"name": "a"}


def test_fields_that_somebody_else_set_are_taken_over_before_the_apply(deployed: World) -> None:
    edit = {"manager": "kubectl-edit", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": {"f:spec": {}}}
    metadata = deployed.cluster.objects["Deployment", roles.LOKI]["metadata"]
    metadata["managedFields"] = [*metadata["managedFields"], edit]
    assert deployed.deploy() == ["Deployment loki was changed by hand: restoring it"]
    [entry] = deployed.cluster.objects["Deployment", roles.LOKI]["metadata"]["managedFields"]
    assert entry["fieldsV1"] == {"f:spec": {}}


def test_a_claim_that_was_given_more_is_not_asked_to_shrink(deployed: World) -> None:
    claim = deployed.cluster.objects["PersistentVolumeClaim", "data-prometheus"]
    claim["spec"]["resources"]["requests"]["storage"] = "50Gi"
    deployed.deploy()
    claim = deployed.cluster.objects["PersistentVolumeClaim", "data-prometheus"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"


def test_a_pod_that_waits_for_its_next_crash_is_replaced(deployed: World) -> None:
    status = {"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}]}
    metadata = {"name": "producer-1", "labels": {"app": "producer"}, "ownerReferences": [{}]}
    deployed.cluster.objects["Pod", "producer-1"] = {"kind": "Pod", "metadata": metadata, "status": status}
    assert deployed.deploy() == ["replaced pod producer-1"]
    assert "deleted producer-1" in deployed.cluster.log
