"""The second pipeline with a Kafka that is none of its own: a broker on the node's address, which clients log in to.

The broker is a pod of another namespace on the node's network: nobody who looks at the pipeline sees more of it than an
address. Its apps are those of ``manifests/overlays/plain`` with a login.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline_services.clients.manifests import rendered
from pipeline_services.discover.toml_text import value
from pipeline_services.model.k8s import containers_of, encoded, name_of, spec_of, template_of
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.network_policies import network_policies
from tests.clients.certificate_maker import issue
from tests.judgements.foreign_roles import CONTACT, LOGIN, PLAIN, foreign_kafka

PORT: Final = 19_093
SPACE: Final = "hosted-pipeline"
"""Where the pipeline is."""
BROKER_SPACE: Final = "hosted-kafka"
"""Where its broker is."""
USER: Final = "hosted-client"
SECRET: Final = LOGIN["username"]["secret"]
CA: Final = "ca.crt"
_ADDRESS: Final = 'bootstrap_servers=os.environ["KAFKA_BROKER"],'
_LOGS_IN: Final = f"""{_ADDRESS}
                security_protocol="{LOGIN["protocol"]}",
                sasl_mechanism="{LOGIN["mechanism"]}",
                sasl_plain_username=os.environ["KAFKA_USERNAME"],
                sasl_plain_password=os.environ["KAFKA_PASSWORD"],
                ssl_cafile="/login/{CA}","""
_SETTINGS: Final = """\
process.roles=broker,controller
node.id=0
controller.quorum.voters=0@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=LOGIN://{host}:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,LOGIN:{protocol}
inter.broker.listener.name=LOGIN
sasl.enabled.mechanisms={mechanism}
sasl.mechanism.inter.broker.protocol={mechanism}
listener.name.login.{mechanism_key}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="{user}" password="{password}";
ssl.keystore.type=PEM
ssl.keystore.location=/etc/kafka-broker/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=/etc/kafka-broker/ca.crt
log.dirs=/var/lib/kafka/log
auto.create.topics.enable=true
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
metadata.max.idle.interval.ms=5000
num.network.threads=1
num.io.threads=2
background.threads=1
log.cleaner.dedupe.buffer.size=4194304
"""
_START: Final = """\
set -eu
settings=/etc/kafka-broker/server.properties
if [ ! -e /var/lib/kafka/log/meta.properties ]; then
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
  kafka-storage.sh format --cluster-id "$id" --config "$settings" --add-scram "$(cat /etc/kafka-broker/account)"
fi
exec kafka-server-start.sh "$settings"
"""

Manifest = dict[str, Any]


def described(host: str) -> Pipeline:
    """The description of the pipeline, with a broker on that host."""
    document = foreign_kafka(f"{host}:{PORT}")
    document |= {"name": "hosted", "namespace": SPACE, "manifests": "", "deploy": "deploy it again"}
    document["components"]["kafka"]["security"]["ca"] = {"secret": SECRET, "key": CA}
    document["config"]["secrets"][SECRET] = ["username", "password", CA]
    return Pipeline.from_document(document)


def as_file(pipeline: Pipeline) -> str:
    """A description as a file of its own, each table within a line."""
    return "".join(f"{key} = {value(held)}\n" for key, held in pipeline.document().items())


def broker(host: str, password: str, image: str) -> tuple[list[Manifest], bytes]:
    """The broker's Secret and pod, and who vouches for its certificate (PEM)."""
    ca = issue("the CA of a hosted Kafka")
    shown = issue(host, by=ca)
    mechanism = LOGIN["mechanism"]
    settings = _SETTINGS.format(
        host=host,
        port=PORT,
        controller=PORT + 1,
        protocol=LOGIN["protocol"],
        mechanism=mechanism,
        mechanism_key=mechanism.lower(),
        user=USER,
        password=password,
    )
    files = {
        "server.properties": settings.encode(),
        "start.sh": _START.encode(),
        "broker.pem": shown.key + shown.certificate + ca.certificate,
        CA: ca.certificate,
        "account": f"{mechanism}=[name={USER},password={password}]".encode(),
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": _named("broker", BROKER_SPACE), "data": encoded(files)}
    return [secret, _pod(image)], ca.certificate


def login(password: str, ca: bytes) -> Manifest:
    """The Secret by which the pipeline logs in."""
    held = encoded({"username": USER.encode(), "password": password.encode(), CA: ca})
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _named(SECRET, SPACE), "data": held}


def write_overlay(pipeline: Pipeline, folder: Path) -> Path:
    """The objects of the pipeline as a kustomization in that folder, which is returned."""
    plain = rendered(REPOSITORY / PLAIN.manifests)
    found = json.loads(json.dumps(plain).replace(PLAIN.namespace, SPACE))
    kept = [one for one in found if one["kind"] != "NetworkPolicy" and not name_of(one).startswith("kafka")]
    for one in kept:
        _change(one, pipeline)
    objects = [*kept, *network_policies(pipeline)]
    (folder / "objects.yaml").write_text(yaml.safe_dump_all(objects, sort_keys=False))
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["objects.yaml"]}))
    return folder


def _change(one: Manifest, pipeline: Pipeline) -> None:
    """Give an object of the second pipeline the address, or the login."""
    if one["kind"] == "ConfigMap" and name_of(one) == "app-code":
        one["data"] = {name: _with_login(code) for name, code in one["data"].items()}
    elif one["kind"] == "ConfigMap":
        settings = pipeline.config.config_maps.get(name_of(one), {})
        one["data"] |= {key: text for part in settings.values() for key, text in part.items()}
    elif one["kind"] == "Deployment" and name_of(one) in ("producer", "processor"):
        _mount(template_of(one))


def _with_login(code: str) -> str:
    assert code.count(_ADDRESS) == 1, "the apps of plain name their broker in another way"
    return code.replace(_ADDRESS, _LOGS_IN)


def _mount(template: Mapping[str, Any]) -> None:
    [container] = containers_of(template)
    container.setdefault("env", []).extend(
        {"name": f"KAFKA_{key.upper()}", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": key}}}
        for key in ("username", "password")
    )
    container["volumeMounts"].append({"name": "login", "mountPath": "/login"})
    spec_of(template)["volumes"].append(
        {"name": "login", "secret": {"secretName": SECRET, "items": [{"key": CA, "path": CA}]}}
    )


def _named(name: str, namespace: str) -> dict[str, str]:
    return {"name": name, "namespace": namespace}


def _pod(image: str) -> Manifest:
    container = {
        "name": "kafka",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "/etc/kafka-broker/start.sh"],
        "env": [{"name": "KAFKA_HEAP_OPTS", "value": "-Xms160m -Xmx160m"}, {"name": "HOME", "value": "/tmp"}],
        "resources": {"requests": {"cpu": "10m", "memory": "320Mi"}, "limits": {"cpu": "1", "memory": "640Mi"}},
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/kafka"},
            {"name": "broker", "mountPath": "/etc/kafka-broker"},
        ],
    }
    spec = {
        "hostNetwork": True,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsUser": 10_003, "runAsGroup": 10_003, "fsGroup": 10_003},
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "broker", "secret": {"secretName": "broker"}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _named("kafka", BROKER_SPACE), "spec": spec}


__all__ = ["BROKER_SPACE", "CONTACT", "PORT", "SPACE", "as_file", "broker", "described", "login", "write_overlay"]
