"""The pipeline with a Kafka outside the cluster, as the live tests deploy it: held together without a cluster."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from pipeline_services.clients.kafka_access import foreign_link
from pipeline_services.clients.manifests import rendered
from pipeline_services.model.k8s import name_of, references_of, template_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy import render
from tests import hosted_pipeline

HOST = "10.0.0.7"
PIPELINE = hosted_pipeline.described(HOST)


def named(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name_of(one): one for one in objects if one["kind"] == kind}


def test_its_description_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "hosted.toml"
    file.write_text(hosted_pipeline.as_file(PIPELINE))
    assert Pipeline.load(file).document() == PIPELINE.document()


def test_its_objects_have_no_broker_and_log_in_at_the_address(tmp_path: Path) -> None:
    objects = rendered(hosted_pipeline.write_overlay(PIPELINE, tmp_path))
    address = PIPELINE["kafka"].address
    assert "kafka" not in " ".join([*named(objects, "StatefulSet"), *named(objects, "Service")])
    for app in ("producer", "processor"):
        assert named(objects, "ConfigMap")[f"{app}-config"]["data"]["KAFKA_BROKER"] == address
        code = named(objects, "ConfigMap")["app-code"]["data"][f"{app}.py"]
        compile(code, app, "exec")
        assert 'os.environ["KAFKA_PASSWORD"]' in code
        read = references_of(template_of(named(objects, "Deployment")[app]))
        assert ("Secret", "kafka-client") in {(one.kind, one.name) for one in read}
        [egress] = [
            rule
            for rule in named(objects, "NetworkPolicy")[app]["spec"]["egress"]
            if rule["ports"] == [{"protocol": "TCP", "port": hosted_pipeline.PORT}]
        ]
        assert egress["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
    assert {one["metadata"].get("namespace", "hosted-pipeline") for one in objects} == {"hosted-pipeline"}
    assert all(one["image"].startswith(render.REGISTRY) for made in objects for one in render.containers(made))


def test_the_login_is_what_the_broker_knows() -> None:
    objects, ca = hosted_pipeline.broker(HOST, "right", "an-image")
    files = {name: base64.b64decode(text).decode() for name, text in objects[0]["data"].items()}
    link = foreign_link(PIPELINE["kafka"], [hosted_pipeline.login("right", ca)])
    account = f"name={link['sasl_plain_username']},password={link['sasl_plain_password']}"
    assert files["account"] == f"{link['sasl_mechanism']}=[{account}]"
    assert f"listeners=LOGIN://{PIPELINE['kafka'].address}," in files["server.properties"]
    assert [one["commonName"] for one in subjects(link["ssl_context"])] == ["the CA of a hosted Kafka"]


def subjects(context: Any) -> list[dict[str, str]]:
    return [dict(one[0] for one in known["subject"]) for known in context.get_ca_certs()]
