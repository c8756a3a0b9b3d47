"""The pipeline that is looked after: the ways into it, its tokens, and where its archives are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from platformdirs import user_data_path

from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.clients.port_forward import Endpoint, PortForward
from pipeline_services.faults.journal import Journal, own_journal
from pipeline_services.maintenance.archive import Archives
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.kafka.broker import Broker
from pipeline_services.model import roles
from pipeline_services.model.configuration import Config
from pipeline_services.model.k8s import K8sObject, secret_text, secret_value
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.deploy.secrets.store import influxdb
from pipeline_services.platform.deploy.secrets.tls import CA

LINES_NOTED: Final = 3
"""Of what was found, so many lines stand in a note on a volume claim; the command says all of it."""


@dataclass(frozen=True, slots=True)
class Site:
    """One pipeline, with the rights to change it.

    Attributes:
        live: its InfluxDB, with the operator's token.
        operator: that token.
        tokens: the tokens of the Secrets, by what each is called in a message.
        journal: of what is made in the cluster.
    """

    cluster: WritableCluster
    pipeline: Pipeline
    live: InfluxServer
    operator: str
    tokens: Mapping[str, str]
    journal: Journal
    archives: Archives
    say: Say

    @property
    def source(self) -> str:
        """What an archive is of."""
        return f"{self.pipeline.namespace} on {self.cluster.context}"

    @property
    def writes_to(self) -> str:
        """The bucket of the readings."""
        return self.pipeline.store.bucket

    def note(self, component: str, annotation: str, noted: Mapping[str, Any]) -> None:
        """Write what came of something to a component's volume claim, where the reviews find it."""
        patch: dict[str, Any] = {"metadata": {"annotations": {annotation: json.dumps(noted)}}}
        self.cluster.merge("PersistentVolumeClaim", self.pipeline[component].volume, patch)

    @contextmanager
    def kafka(self) -> Iterator[Broker]:
        """Its Kafka, within the block."""
        service = self.pipeline.service(roles.KAFKA)
        pod = self.pipeline[roles.KAFKA].first_pod
        with (
            PortForward(self.cluster, Endpoint(service.name, pod, service.port)) as forward,
            Broker(forward.port) as broker,
        ):
            yield broker


def called(secret: str) -> str:
    """What a message calls the token of a Secret."""
    return f"the token of the Secret {secret}"


def tokens_in(secrets: Iterable[K8sObject], config: Config) -> dict[str, str]:
    """The operator's token and those of the clients, by what each is called.

    Raises:
        NoData: a Secret or its key is missing.
    """
    return {called(key.secret): secret_text(secrets, key) for key in (config.admin_token, *config.tokens.values())}


def archives_of(cluster: str) -> Archives:
    """They are in the user's data folder, which ``make clean`` leaves."""
    return Archives(user_data_path("conveyor") / "backups" / cluster)


@contextmanager
def opened(access: ClusterAccess, say: Say) -> Iterator[Site]:
    """The pipeline of the suite's own cluster. Raises PipelineError where the cluster, a Secret or InfluxDB is away."""
    pipeline = access.pipeline
    config = pipeline.config
    with closing(WritableCluster.connect(access.target)) as cluster:
        secrets = cluster.list("secrets")
        tokens = tokens_in(secrets, config)
        operator = tokens[called(config.admin)]
        with influxdb(cluster, pipeline, secret_value(secrets, config.tls, CA).decode()) as http:
            live = InfluxServer(http, operator, pipeline.store.org)
            journal = own_journal(access.name)
            yield Site(cluster, pipeline, live, operator, tokens, journal, archives_of(access.name), say)
