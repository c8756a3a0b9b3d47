"""Rows about the data path's own workloads and what is in them."""

from __future__ import annotations

from typing import Final

from chaos.faults import certificates, processes, stores, workloads
from chaos.matrix.rows import Row, finding
from pipeline_services.checklist import checks
from pipeline_services.faults import templates
from pipeline_services.model import names, roles

HUNG: Final = ("process-hung", "process-crashed")

_PRODUCER: Final = (
    Row(
        "producer-image-wrong",
        workloads.edited(
            roles.PRODUCER,
            templates.image(roles.PRODUCER, "v2.1.0"),
            "an image that is nowhere",
            workloads.NO_IMAGE,
        ),
        (finding(roles.PRODUCER, "image-unavailable"),),
        (checks.PODS_READY.of("producer"),),
        sample=True,
        ripens=30.0,
    ),
    Row(
        "producer-command-wrong",
        workloads.edited(
            roles.PRODUCER,
            templates.command(roles.PRODUCER, ["pyhton3", "-m", "pipeline_services.apps.producer"]),
            "a program that the image does not have",
            workloads.NO_START,
        ),
        (finding(roles.PRODUCER, "container-cannot-start"),),
        (checks.PODS_READY.of("producer"),),
        ripens=30.0,
    ),
    Row(
        "producer-ends-at-once",
        workloads.exits_at_once(roles.PRODUCER),
        (finding(roles.PRODUCER, "crash-loop"),),
        (checks.PODS_READY.of("producer"),),
    ),
    Row(
        "producer-probe-wrong",
        workloads.edited(
            roles.PRODUCER,
            templates.probe(roles.PRODUCER, "readinessProbe", {"httpGet": {"path": "/ready", "port": "http"}}),
            "its readiness asked for where nobody answers",
        ),
        (finding(roles.PRODUCER, "probe-wrong"),),
        settles=100.0,
    ),
    Row(
        "producer-asks-for-too-much",
        workloads.edited(
            roles.PRODUCER,
            templates.resources(roles.PRODUCER, {"cpu": "64"}, {"cpu": "64"}),
            "more cores than there are",
            workloads.NOT_SCHEDULED,
        ),
        (finding(roles.PRODUCER, "request-too-large"),),
        settles=90.0,
    ),
    Row(
        "producer-rollout-paused",
        workloads.paused_rollout(roles.PRODUCER),
        (finding(roles.PRODUCER, "rollout-paused"),),
        settles=90.0,
    ),
    Row(
        "producer-hung",
        processes.process_stopped(roles.PRODUCER),
        (finding(roles.PRODUCER, *HUNG),),
        at_once=True,
    ),
    Row(
        "producer-process-killed",
        processes.process_killed(roles.PRODUCER),
        (finding(roles.PRODUCER, "process-crashed", "pod-replaced"),),
        at_once=True,
    ),
    Row(
        "producer-out-of-memory",
        processes.out_of_memory_then_new_pods(roles.PRODUCER),
        (finding(roles.PRODUCER, "out-of-memory"),),
        (checks.PODS_READY.of("producer"),),
    ),
    Row(
        "producer-scaled-to-zero",
        workloads.scaled(roles.PRODUCER, 0),
        (finding(roles.PRODUCER, "scaled-to-zero"),),
        (checks.PODS_READY.of("producer"),),
        ripens=45.0,
    ),
)
_PROCESSOR: Final = (
    Row(
        "processor-restarted",
        workloads.restarted(roles.PROCESSOR),
        (finding(roles.PROCESSOR, "rollout-under-way", "pod-replaced"),),
        at_once=True,
    ),
    Row(
        "processor-ends-at-once",
        workloads.exits_at_once(roles.PROCESSOR),
        (finding(roles.PROCESSOR, "crash-loop"),),
        (checks.PODS_READY.of("processor"),),
    ),
    Row(
        "processor-placed-nowhere",
        workloads.edited(
            roles.PROCESSOR,
            templates.node_selector({workloads.UNWANTED_LABEL: "ssd"}),
            "for nodes that there are not",
            workloads.NOT_SCHEDULED,
        ),
        (finding(roles.PROCESSOR, "placement-impossible"),),
        settles=90.0,
    ),
    Row(
        "processor-memory-too-little",
        workloads.edited(
            roles.PROCESSOR,
            templates.resources(roles.PROCESSOR, {"memory": "24Mi"}, {"memory": "24Mi"}),
            "less memory than it starts with",
            workloads.NO_MEMORY,
        ),
        (finding(roles.PROCESSOR, "out-of-memory"),),
        (checks.PODS_READY.of("processor"),),
        settles=90.0,
        ripens=30.0,
    ),
    Row(
        "processor-hung",
        processes.process_stopped(roles.PROCESSOR),
        (finding(roles.PROCESSOR, *HUNG),),
        at_once=True,
        sample=True,
    ),
    Row(
        "processor-one-of-two-hung",
        processes.first_process_stopped(roles.PROCESSOR),
        (finding(roles.PROCESSOR, *HUNG),),
        at_once=True,
        before=workloads.scaled(roles.PROCESSOR, 2),
    ),
    Row(
        "processor-starved-of-cpu",
        processes.starved_of_cpu(roles.PROCESSOR, 15),
        (finding(roles.PROCESSOR, "cpu-throttled"),),
        affected=frozenset({"hpa"}),
        also=frozenset({"processing-too-slow"}),
        settles=90.0,
    ),
)
_STORES: Final = (
    Row(
        "dead-letter-topic-missing",
        stores.topic_deleted(names.DEAD_LETTER_TOPIC, names.TOPIC_PARTITIONS),
        (finding(roles.KAFKA, "topic-missing"),),
        (checks.KAFKA_TOPIC.of("sensor-readings-dead-letter"),),
        sample=True,
    ),
    Row(
        "kafka-pod-deleted",
        processes.pod_deleted(roles.KAFKA),
        (finding(roles.KAFKA, "pod-replaced"),),
        at_once=True,
    ),
    Row(
        "kafka-hung",
        processes.process_stopped(roles.KAFKA),
        (finding(roles.KAFKA, *HUNG),),
        at_once=True,
    ),
    Row(
        "kafka-hung-unprobed",
        processes.process_stopped(roles.KAFKA),
        (finding(roles.KAFKA, "broker-unresponsive"),),
        before=workloads.without_probes(roles.KAFKA),
    ),
    Row(
        "kafka-ends-at-once",
        workloads.exits_at_once(roles.KAFKA),
        (finding(roles.KAFKA, "crash-loop"),),
        (checks.PODS_READY.of("kafka"),),
    ),
    Row(
        "kafka-scaled-to-zero",
        workloads.scaled(roles.KAFKA, 0),
        (finding(roles.KAFKA, "scaled-to-zero"),),
        (checks.PODS_READY.of("kafka"), checks.SERVICE_HAS_ENDPOINT.of("kafka-service")),
        ripens=40.0,
    ),
    Row(
        "topic-missing",
        stores.topic_deleted(names.TOPIC, names.TOPIC_PARTITIONS),
        (finding(roles.KAFKA, "topic-missing"),),
        (checks.KAFKA_TOPIC.of("sensor-readings"),),
        at_once=True,
    ),
    Row(
        "influxdb-process-killed",
        processes.process_killed(roles.INFLUXDB),
        (finding(roles.INFLUXDB, "process-crashed", "pod-replaced"),),
        at_once=True,
    ),
    Row(
        "influxdb-hung",
        processes.process_stopped(roles.INFLUXDB),
        (finding(roles.INFLUXDB, *HUNG),),
        at_once=True,
    ),
    Row(
        "influxdb-hung-unprobed",
        processes.process_stopped(roles.INFLUXDB),
        (finding(roles.INFLUXDB, "store-unresponsive"),),
        before=workloads.without_probes(roles.INFLUXDB),
    ),
    Row(
        "influxdb-scaled-to-zero",
        workloads.scaled(roles.INFLUXDB, 0),
        (finding(roles.INFLUXDB, "scaled-to-zero"),),
        (checks.PODS_READY.of("influxdb"), checks.SERVICE_HAS_ENDPOINT.of("influxdb-service")),
        ripens=30.0,
    ),
    Row(
        "influxdb-bucket-renamed",
        stores.bucket_renamed,
        (finding(roles.INFLUXDB, "bucket-missing"),),
        ripens=30.0,
    ),
    Row(
        "certificate-of-another-authority",
        certificates.other_authority,
        (finding(roles.INFLUXDB, "certificate-wrong"),),
        (checks.CERTIFICATE_TRUSTED,),
        ripens=30.0,
    ),
    Row(
        "certificate-for-other-names",
        certificates.replaced(
            certificates.of_other_names, "a certificate for another service", roles.INFLUXDB, roles.PROCESSOR
        ),
        (finding(roles.INFLUXDB, "certificate-wrong"),),
        (checks.CERTIFICATE_TRUSTED,),
    ),
    Row(
        "certificate-expired",
        certificates.replaced(certificates.expired, "an expired certificate", roles.INFLUXDB, roles.PROCESSOR),
        (finding(roles.INFLUXDB, "certificate-expired"),),
        (checks.CERTIFICATE_VALID_FOR_WEEKS,),
        ripens=30.0,
    ),
    Row(
        "certificate-expires-tomorrow",
        certificates.replaced(certificates.expires_tomorrow, "a certificate for one more day", *certificates.VERIFIERS),
        (finding(roles.INFLUXDB, "certificate-expiring"),),
        (checks.CERTIFICATE_VALID_FOR_WEEKS,),
        affected=frozenset({roles.PROMETHEUS}),
        settles=120.0,
    ),
)
ROWS: Final = (*_PRODUCER, *_PROCESSOR, *_STORES)
