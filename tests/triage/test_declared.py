"""What is live and was not declared: who is named, with which commands to put it right and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline_services.judgements.drift import Drift
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.triage.diagnosis import diagnose
from pipeline_services.triage.model import Finding
from tests.judgements.examples import quota
from tests.judgements.faults import crash_looping, empty_panels, only_pod_unready, scale_to_0, warning
from tests.judgements.known_bad.declared import second_autoscaler, token_replaced
from tests.judgements.known_bad.kafka import topic_setting
from tests.judgements.world import World, healthy
from tests.triage.made import causes, only_finding

TOPIC = "sensor-readings"


def test_a_topics_settings_are_put_right_all_at_once() -> None:
    world = healthy()
    for key, value in (("retention.ms", "300000"), ("cleanup.policy", "compact,delete"), ("compression.type", "gzip")):
        topic_setting(key, value)(world, TOPIC)
    found = only_finding(world)
    assert (found.cause.id, found.component, found.subject) == ("topic-set-otherwise", "kafka", f"topic/{TOPIC}")
    assert found.summary == (
        f"cleanup.policy of topic {TOPIC} is compact,delete; expected delete, and 2 more: "
        "readings are deleted by another rule: they may be gone before they are stored"
    )
    right = "--add-config 'cleanup.policy=delete,retention.ms=172800000' --delete-config compression.type"
    assert found.next[-1].endswith(f"--entity-name {TOPIC} {right}")
    assert found.undo.endswith(f"--entity-name {TOPIC} --add-config 'compression.type=gzip'")


@pytest.mark.parametrize("key", ["retention.ms", "retention.bytes", "cleanup.policy"])
def test_no_undo_is_printed_that_deletes_readings(key: str) -> None:
    world = healthy()
    topic_setting(key, "compact" if key == "cleanup.policy" else "300000")(world, TOPIC)
    assert only_finding(world).undo == ""


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        ({"client_id": None}, "--entity-type clients --entity-default"),
        (
            {"client_id": "batch", "user": None},
            "--entity-type clients --entity-name batch --entity-type users --entity-default",
        ),
        ({"ip": "10.0.0.9"}, "--entity-type ips --entity-name 10.0.0.9"),
    ],
)
def test_a_quota_is_taken_from_just_those_who_have_it(whom: dict[str, str | None], words: str) -> None:
    world = healthy()
    world.answers["kafka_quotas"] = quota({"consumer_byte_rate": 100.0, "request_percentage": 5.0}, **whom)
    found = only_finding(world)
    assert (found.cause.id, found.component) == ("clients-limited", "kafka")
    assert found.next[-1].endswith(f"--alter {words} --delete-config consumer_byte_rate,request_percentage")
    assert found.undo.endswith(f"--alter {words} --add-config consumer_byte_rate=100,request_percentage=5")


def drifted(world: World, component: str) -> Finding:
    """The one finding, which is about the component and nobody else."""
    found = only_finding(world)
    assert (found.cause.id, found.component) == ("not-as-declared", component)
    return found


def pod_spec(world: World, app: str) -> dict[str, Any]:
    spec: dict[str, Any] = world.workload(app)["spec"]["template"]["spec"]
    return spec


def test_what_differs_most_is_said_and_all_of_it_is_evidence() -> None:
    world = healthy()
    world.workload("producer")["spec"]["strategy"] = {"type": "Recreate"}
    for spec in (pod_spec(world, "producer"), world.pods("producer")[0]["spec"]):
        spec["containers"][0]["command"] = ["sleep", "infinity"]
    found = drifted(world, "producer")
    assert found.summary == (
        "deployment/producer: containers[producer].command is [sleep, infinity], which is not declared "
        "(1 of 2 differences); so its pods run another program"
    )
    assert len(found.evidence) == 2
    assert found.next[0] == "kubectl --context kind-conveyor get deployment -n conveyor-pipeline producer -o yaml"


def test_a_variable_that_stands_there_twice_is_said_with_both_values() -> None:
    world = healthy()
    twice = [{"name": "PRODUCER_RATE", "value": value} for value in ("20", "5")]
    pod_spec(world, "producer")["containers"][0]["env"] = twice
    world.item("deployments", "producer")
    declared = next(
        item
        for item in world.answers["declared"]
        if (item["kind"], item["metadata"]["name"]) == ("Deployment", "producer")
    )
    declared["spec"]["template"]["spec"]["containers"][0]["env"] = twice[:1]
    found = drifted(world, "producer")
    assert "env[PRODUCER_RATE] is set 2 times: 20, then 5 (the last counts), declared: once" in found.summary


def test_a_crash_loop_of_a_changed_program_is_the_changes() -> None:
    world = healthy()
    crash_looping(world, only_pod_unready(world, "producer"), "INFLUXDB_TOKEN is not set")
    pod_spec(world, "producer")["containers"][0]["command"] = ["python3", "-m", "processor"]
    assert causes(world)[0] == "producer: not-as-declared"
    assert "producer: crash-loop" not in causes(world)


def test_a_probe_that_was_changed_explains_no_server_that_hangs() -> None:
    world = healthy()
    crash_looping(world, only_pod_unready(world, "producer"), "no broker")
    pod_spec(world, "producer")["containers"][0]["readinessProbe"] = {"exec": {"command": ["true"]}}
    told = [one for one in diagnose(world.snapshot()).findings if one.component == "producer"]
    assert [one.cause.id for one in told] == ["crash-loop"]
    assert any("readinessProbe" in line for line in told[0].evidence)


def test_pods_that_ask_other_dns_servers_do_not_blame_the_clusters() -> None:
    world = healthy()
    crash_looping(world, only_pod_unready(world, "producer"), "kafka-service: Name or service not known")
    elsewhere = {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["203.0.113.1"]}}
    pod_spec(world, "producer").update(elsewhere)
    world.pods("producer")[0]["spec"].update(elsewhere)
    for row in world.answers["prometheus/name-resolves"]:
        row["value"][1] = "0"
    assert [one for one in causes(world) if one.startswith("dns")] == []
    assert "producer: not-as-declared" in causes(world)


def test_a_second_autoscaler_is_the_one_to_go() -> None:
    world = healthy()
    second_autoscaler(world)
    ambiguous = "pods by selector app=producer are controlled by multiple HPAs"
    for hpa in ("producer-hpa", "producer-more"):
        changed = {"status": "False", "reason": "AmbiguousSelector", "message": ambiguous}
        world.item("hpas", hpa)["status"]["conditions"][1] |= {**changed, "lastTransitionTime": world.ago(120)}
    found = only_finding(world)
    assert (found.cause.id, found.component, found.subject) == (
        "autoscaler-extra",
        "hpa",
        "horizontalpodautoscaler/producer-more",
    )
    gone = "delete horizontalpodautoscaler -n conveyor-pipeline producer-more"
    assert found.next[-1] == f"kubectl --context kind-conveyor {gone}"


def test_without_a_request_it_is_not_the_metrics_server() -> None:
    world = healthy()
    del pod_spec(world, "producer")["containers"][0]["resources"]["requests"]["cpu"]
    why = "failed to get cpu utilization: missing request for cpu in container producer of Pod producer-7c9d8f6b5-x2k4q"
    changed = {"status": "False", "reason": "FailedGetResourceMetric", "message": why}
    world.item("hpas", "producer-hpa")["status"]["conditions"][1] |= {**changed, "lastTransitionTime": world.ago(120)}
    found = only_finding(world)
    assert (found.cause.id, found.component) == ("request-missing", "producer")
    assert any("resources.requests.cpu" in line for line in found.evidence)


def test_the_name_of_a_pod_that_is_gone_is_its_services() -> None:
    world = healthy()
    world.drop("services", lambda item: item["metadata"]["name"] == "kafka-headless")
    found = only_finding(world)
    assert (found.cause.id, found.component, found.subject) == ("service-missing", "network", "service/kafka-headless")
    assert any("there is no service/kafka-headless" in line for line in found.evidence)


def test_a_namespace_that_refuses_pods_is_named_before_and_after() -> None:
    world = healthy()
    world.answers["namespaces"][0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    assert "new pods may be refused" in drifted(world, "config").summary
    scale_to_0(world, "log-shipper")
    world.workload("log-shipper")["spec"].pop("replicas")
    world.workload("log-shipper")["status"] |= {"desiredNumberScheduled": 1}
    refused = 'pods "log-shipper-x" is forbidden: violates PodSecurity "restricted:latest": hostPath'
    warning(world, "DaemonSet", "log-shipper", "FailedCreate", refused)
    assert causes(world)[0] == "config: pod-security-refuses"


@pytest.mark.parametrize(
    ("level", "known", "back"),
    [
        ("baseline", True, "=baseline --overwrite"),
        ("restricted", True, "=restricted --overwrite"),
        (None, True, "-"),
        (None, False, "=baseline --overwrite"),
    ],
)
def test_the_label_that_refused_pods_is_put_back_as_it_was(level: str | None, back: str, *, known: bool) -> None:
    world = healthy()
    labels = world.answers["namespaces"][0]["metadata"]["labels"]
    labels.pop("pod-security.kubernetes.io/enforce", None)
    labels |= {"pod-security.kubernetes.io/enforce": level} if level else {}
    if not known:
        world.fail("namespaces", ServiceUnreachable("it may not be read"))
    world.drop_pods("log-shipper")
    world.workload("log-shipper")["status"] |= {"desiredNumberScheduled": 1, "numberReady": 0, "numberAvailable": 0}
    refused = f'pods "log-shipper-x" is forbidden: violates PodSecurity "{level or "baseline"}:latest": hostPath'
    warning(world, "DaemonSet", "log-shipper", "FailedCreate", refused)
    [found] = [one for one in diagnose(world.snapshot()).findings if one.cause.id == "pod-security-refuses"]
    assert found.undo.partition(" pod-security.kubernetes.io/enforce")[2] == back


def test_a_service_that_leads_to_a_stranger_names_the_pod() -> None:
    world = healthy()
    stranger = copy.deepcopy(world.pods("influxdb")[0])
    stranger["metadata"] |= {"name": "debug", "uid": "uid-debug"}
    world.answers["pods"].append(stranger)
    endpoints = world.item("endpointslices", "influxdb-service-abc12")["endpoints"]
    for name in ("influxdb-0", "debug"):
        endpoints.append({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": name}})
    found = next(one for one in diagnose(world.snapshot()).findings if one.component == "network")
    assert found.cause.id == "service-selects-too-much"
    assert found.next[-1] == "kubectl --context kind-conveyor label pod -n conveyor-pipeline debug app-"


def test_series_that_are_dropped_are_not_the_dashboards_fault() -> None:
    world = healthy()
    for source in ("producer-rate", "processor-matches-producer"):
        world.answers[f"prometheus/{source}"] = []
    empty_panels(world, "Producer rate")
    found = only_finding(world)
    assert (found.cause.id, found.component) == ("series-dropped", "prometheus")


def test_a_key_of_another_certificate_is_told_before_the_next_start() -> None:
    world = healthy()
    world.answers["tls"]["key_fits"] = False
    found = only_finding(world)
    assert (found.cause.id, found.component, found.subject) == (
        "certificate-without-key",
        "influxdb",
        "secret/influxdb-tls",
    )
    assert "do not restart influxdb" in found.summary


def test_a_token_that_may_only_read_is_not_a_refused_one() -> None:
    world = healthy()
    world.answers["influxdb_write"] = {"status": 403}
    line = f'{world.ago(5)} {{"level": "ERROR", "message": "readings not delivered (unauthorized): HTTP 403"}}'
    world.answers["logs/processor"][0]["lines"] = [line]
    assert causes(world) == ["config: token-may-not-write"]


def test_a_pod_with_the_token_of_before_is_named_and_not_the_secret() -> None:
    world = healthy()
    token_replaced(world)
    found = only_finding(world)
    assert (found.cause.id, found.component) == ("pod-holds-old-secret", "processor")
    assert found.subject == f"pod/{world.pods('processor')[0]['metadata']['name']}"
    assert found.since == world.now - 90


@pytest.mark.parametrize("change", ["started since", "still served", "refused long ago"])
def test_a_secret_that_was_written_is_no_fault_by_itself(change: str) -> None:
    world = healthy()
    token_replaced(world)
    lines = world.answers["logs/processor"][0]["lines"]
    if change == "started since":
        world.pods("processor")[0]["status"]["containerStatuses"][0]["state"]["running"]["startedAt"] = world.ago(60)
        lines.clear()
    elif change == "still served":
        lines[:] = [f"{world.ago(5)} all is well"]
    else:
        lines[:] = [lines[0].replace(world.ago(5), world.ago(200))]
    assert causes(world) == []


def test_what_is_missing_is_shown_by_what_is_there_of_its_kind() -> None:
    """``kubectl get`` of the object itself ends with an error, which helps nobody."""
    assert Drift("RoleBinding", "prometheus", "prometheus").shown == "-o wide"
    assert Drift("RoleBinding", "prometheus", "prometheus", extra="it grants more").shown == "prometheus -o yaml"


def test_partitions_that_nobody_can_take_away_are_told_without_a_command_that_does_nothing() -> None:
    world = healthy()
    partitions = world.answers["kafka_topics"][TOPIC]
    partitions.append({**partitions[0], "partition": len(partitions)})
    found = only_finding(world)
    assert (found.cause.id, found.subject, found.undo) == ("topic-set-otherwise", f"topic/{TOPIC}", "")
    assert "has 7 partitions; expected 6: readings of a device go to another partition" in found.summary
    assert [command.split()[-1] for command in found.next] == [TOPIC]


def test_an_autoscaler_of_what_others_run_in_the_namespace_is_theirs() -> None:
    world = healthy()
    second_autoscaler(world)
    theirs = world.item("hpas", "producer-more")
    theirs["spec"]["scaleTargetRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert diagnose(world.snapshot()).healthy
