"""Settings that are wrong are told once, whatever number of ConfigMaps they stand in."""

from __future__ import annotations

from pipeline_services.triage.diagnosis import diagnose
from tests.judgements.test_plain_pipeline import plain


def test_a_setting_that_is_wrong_in_both_config_maps_is_one_finding() -> None:
    world = plain()
    for name in ("producer-config", "processor-config"):
        world.item("configmaps", name)["data"]["KAFKA_BROKER"] = "elsewhere"
    [finding] = [one for one in diagnose(world.snapshot()).findings if one.component == "config"]
    assert finding.summary.startswith("KAFKA_BROKER in producer-config and processor-config is 'elsewhere'; expected ")
    assert "get configmap -n plain-pipeline producer-config processor-config -o yaml" in finding.next[0]


def test_further_wrong_settings_are_evidence_of_the_same_finding() -> None:
    world = plain()
    world.item("configmaps", "producer-config")["data"]["KAFKA_TOPIC"] = "elsewhere"
    del world.item("configmaps", "processor-config")["data"]["INFLUXDB_BUCKET"]
    [finding] = [one for one in diagnose(world.snapshot()).findings if one.component == "config"]
    assert finding.summary == "KAFKA_TOPIC in producer-config is 'elsewhere'; expected 'conveyor-speed'"
    assert "configmap/processor-config: INFLUXDB_BUCKET is not there" in finding.evidence
