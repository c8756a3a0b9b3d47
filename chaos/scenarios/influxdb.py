"""Section 3, scenario 4: InfluxDB fails, with its bucket, its certificate and its volume."""

from __future__ import annotations

from functools import partial
from typing import Final

from chaos import expected_checks
from chaos.fault_builders import buckets, certificates, processes, stores, workloads
from chaos.scenarios.producer import HUNG
from pipeline_services.checklist import checks
from pipeline_services.experiment.expectations import (
    MANY_SHARDS,
    expect_backlog_grew,
    expect_datasource_failed_and_recovered,
    expect_identity_kept,
    expect_many_shards,
)
from pipeline_services.experiment.scenario import Heals, RecoveryPlan, Scenario, finding
from pipeline_services.model import roles

SECTION: Final = "influxdb-statefulset-failure"
EXPECTATIONS: Final = (expect_backlog_grew, expect_identity_kept, expect_datasource_failed_and_recovered)

PLAN: Final = partial(RecoveryPlan, roles.INFLUXDB, SECTION, expectations=EXPECTATIONS)

RECOVERY: Final = (
    Scenario(
        "influxdb-pod-deleted",
        processes.pod_deleted(roles.INFLUXDB),
        recovery=PLAN(
            symptoms=(expected_checks.pods_ready(roles.INFLUXDB), expected_checks.no_endpoint(roles.INFLUXDB))
        ),
    ),
    Scenario(
        "influxdb-process-killed",
        processes.process_killed(roles.INFLUXDB),
        recovery=PLAN(
            symptoms=(expected_checks.pods_ready(roles.INFLUXDB), expected_checks.no_endpoint(roles.INFLUXDB)),
            restarts_in_place=True,
        ),
    ),
    Scenario(
        "influxdb-certificate-of-another-authority",
        certificates.other_authority,
        (finding(roles.INFLUXDB, "certificate-wrong"),),
        recovery=PLAN(
            heals=Heals.BY_UNDO, symptoms=(expected_checks.certificate_distrusted(),), hold_s=5.0, stops_flow=True
        ),
    ),
    # Slow: it tells something once in a while only. InfluxDB opens every shard before it answers.
    Scenario(
        "influxdb-pod-deleted-with-many-shards",
        processes.pod_deleted(roles.INFLUXDB),
        arranged=buckets.many_shards(MANY_SHARDS),
        recovery=PLAN(
            symptoms=(expected_checks.pods_ready(roles.INFLUXDB), expected_checks.no_endpoint(roles.INFLUXDB)),
            expectations=(*EXPECTATIONS, expect_many_shards),
            slow=True,
        ),
    ),
    # Slow: the volume is copied twice, and its pod restarted twice.
    Scenario(
        "influxdb-volume-full",
        stores.volume_full,
        (finding("storage", "volume-full"),),
        recovery=RecoveryPlan(
            roles.INFLUXDB,
            "storage",
            heals=Heals.BY_UNDO,
            symptoms=(expected_checks.metric_breached("volume-usage", roles.INFLUXDB),),
            stops_flow=True,
            slow=True,
            expectations=EXPECTATIONS,
        ),
    ),
)
DIAGNOSIS: Final = (
    Scenario(
        "influxdb-process-killed",
        processes.process_killed(roles.INFLUXDB),
        (finding(roles.INFLUXDB, "process-crashed", "pod-replaced"),),
        before_landed=True,
    ),
    Scenario(
        "influxdb-hung",
        processes.process_stopped(roles.INFLUXDB),
        (finding(roles.INFLUXDB, *HUNG),),
        before_landed=True,
    ),
    Scenario(
        "influxdb-hung-unprobed",
        processes.process_stopped(roles.INFLUXDB),
        (finding(roles.INFLUXDB, "store-unresponsive"),),
        arranged=workloads.without_probes(roles.INFLUXDB),
    ),
    Scenario(
        "influxdb-scaled-to-zero",
        workloads.scaled(roles.INFLUXDB, 0),
        (finding(roles.INFLUXDB, "scaled-to-zero"),),
        (checks.PODS_READY.of("influxdb"), checks.SERVICE_HAS_ENDPOINT.of("{service:influxdb}")),
        min_duration_s=30.0,
    ),
    Scenario(
        "influxdb-bucket-renamed",
        buckets.bucket_renamed,
        (finding(roles.INFLUXDB, "bucket-missing"),),
        min_duration_s=30.0,
    ),
    Scenario(
        "influxdb-organisation-renamed",
        buckets.organisation_renamed,
        (finding(roles.INFLUXDB, "organisation-renamed"),),
        (checks.BUCKET_SET_AS_DECLARED,),
        min_duration_s=30.0,
    ),
    Scenario(
        "influxdb-keeps-for-ever",
        buckets.bucket_set(buckets.RETENTION, 0),
        (finding(roles.INFLUXDB, "bucket-set-otherwise"),),
        (checks.BUCKET_SET_AS_DECLARED,),
        met=("influxdata/influxdb#24765",),
    ),
    Scenario(
        "influxdb-begins-a-shard-each-hour",
        buckets.bucket_set(buckets.SHARDS, 3_600),
        (finding(roles.INFLUXDB, "bucket-set-otherwise"),),
        (checks.BUCKET_SET_AS_DECLARED,),
    ),
    Scenario(
        "influxdb-runs-a-task",
        buckets.thinned_out,
        (finding(roles.INFLUXDB, "store-worked-on"),),
        (checks.STORE_LEFT_ALONE,),
        met=("solectrus/solectrus#644",),
    ),
    Scenario(
        "certificate-of-another-authority",
        certificates.other_authority,
        (finding(roles.INFLUXDB, "certificate-wrong"),),
        (checks.CERTIFICATE_TRUSTED,),
        min_duration_s=30.0,
    ),
    Scenario(
        "certificate-for-other-names",
        certificates.replaced(
            certificates.of_other_names, "a certificate for another service", roles.INFLUXDB, roles.PROCESSOR
        ),
        (finding(roles.INFLUXDB, "certificate-wrong"),),
        (checks.CERTIFICATE_TRUSTED,),
    ),
    Scenario(
        "certificate-expired",
        certificates.replaced(certificates.expired, "an expired certificate", roles.INFLUXDB, roles.PROCESSOR),
        (finding(roles.INFLUXDB, "certificate-expired"),),
        (checks.CERTIFICATE_VALID_FOR_WEEKS,),
        min_duration_s=30.0,
    ),
    Scenario(
        "certificate-expires-tomorrow",
        certificates.replaced(certificates.expires_tomorrow, "a certificate for one more day", *certificates.VERIFIERS),
        (finding(roles.INFLUXDB, "certificate-expiring"),),
        (checks.CERTIFICATE_VALID_FOR_WEEKS,),
        may_blame=frozenset({roles.PROMETHEUS}),
        deadline_s=120.0,
    ),
)
LASTING: Final = (
    Scenario(
        "influxdb-volume-full",
        stores.volume_full,
        (finding("storage", "volume-full"),),
        deadline_s=150.0,
        min_duration_s=20.0,
    ),
)
"""What it leaves behind shows for minutes."""
