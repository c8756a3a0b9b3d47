"""The benchmark: what it sends follows from three numbers, and its pod is the processor's with another topic."""

from __future__ import annotations

from itertools import islice

from pipeline_services.apps.load import DEVICES, Load
from pipeline_services.audit.ledger import judge
from pipeline_services.audit.records import Records
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.release.bench.manifests import NAME, network_policies, pod
from pipeline_services.release.bench.run import Outcome, history_of

PIPELINE = Pipeline.load()
LOAD = Load("bench-1", 120, 10**18)
PROCESSOR = {
    "spec": {
        "template": {
            "spec": {
                "dnsConfig": {"options": []},
                "serviceAccountName": "never copied",
                "volumes": [{"name": "influxdb-ca"}],
                "containers": [
                    {
                        "name": "processor",
                        "image": "localhost/conveyor/apps:1",
                        "env": [{"name": "INFLUXDB_CA", "value": "/ca.crt"}],
                        "envFrom": [{"configMapRef": {"name": PIPELINE.config.config_map}}],
                        "livenessProbe": {},
                    }
                ],
            }
        }
    }
}


def test_the_load_has_no_gaps_and_no_time_twice() -> None:
    readings = list(LOAD)
    assert list(LOAD) == readings
    assert len({reading.event_time_ns for reading in readings}) == len(readings) == 120
    for device in range(DEVICES):
        sequences = [reading.sequence for reading in islice(readings, device, None, DEVICES)]
        assert sequences == list(range(len(sequences)))


def test_the_pod_is_the_processors_but_for_its_topic() -> None:
    made = pod(PROCESSOR, LOAD)
    spec = made["spec"]
    (load,), (drain,) = spec["initContainers"], spec["containers"]
    assert (load["command"][-1], drain["command"][-1]) == ("load", "drain")
    assert drain["image"] == "localhost/conveyor/apps:1"
    assert drain["resources"]["limits"]["cpu"] == "1"
    environment = {entry["name"]: entry["value"] for entry in drain["env"]}
    assert environment["INFLUXDB_CA"] == "/ca.crt"
    assert environment["KAFKA_TOPIC"] == environment["KAFKA_GROUP"] == "bench-1"
    assert "livenessProbe" not in drain
    assert "serviceAccountName" not in spec


def test_nobody_takes_the_pod_for_one_of_the_pipelines() -> None:
    assert PIPELINE.component_of(pod(PROCESSOR, LOAD)) is None


def test_the_ways_are_to_the_ports_of_kafka_and_influxdb_alone() -> None:
    out, *into = network_policies(PIPELINE)
    [to_kafka, to_influxdb] = out["spec"]["egress"]
    assert to_kafka == {"to": [{"podSelector": {"matchLabels": {"app": "kafka"}}}], "ports": [port(9092)]}
    assert to_influxdb["ports"] == [port(8086)]
    assert {policy["metadata"]["name"] for policy in into} == {f"{NAME}-kafka", f"{NAME}-influxdb"}
    assert [policy["spec"]["podSelector"]["matchLabels"]["app"] for policy in into] == ["kafka", "influxdb"]
    assert [policy["spec"]["ingress"][0]["ports"] for policy in into] == [[port(9092)], [port(8086)]]


def port(number: int) -> dict[str, object]:
    return {"protocol": "TCP", "port": number}


def stored(leave_out: int | None = None) -> Records:
    entries = [((one.producer_id, one.device_id), one.sequence, one.checksum()) for one in LOAD]
    return Records(entry for number, entry in enumerate(entries) if number != leave_out)


def outcome(per_second: int, leave_out: int | None = None) -> Outcome:
    drained = {"written": 120, "seconds": 1.0, "cpu_seconds": 0.5, "per_second": per_second}
    verdict = judge(history_of(LOAD, 120, stored(leave_out)))
    return Outcome({"acknowledged": 120, "seconds": 2.0}, drained, verdict)


def test_good_is_fast_and_complete() -> None:
    good = outcome(10_000)
    assert good.good
    assert "10000 readings/s (target 10000), 240 per second of CPU" in str(good)
    assert not outcome(9_999).good


def test_one_reading_less_is_not_good() -> None:
    bad = outcome(20_000, leave_out=60)
    assert not bad.good
    assert "lost: bench-1/conveyor-10#1 (processor or store)" in str(bad)
