"""Who verifies InfluxDB's certificate: which CAs each pod has in its file, and whether it takes the certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline_services.clients.kubernetes import Object, WritableCluster
from pipeline_services.clients.pod_exec import output_of
from pipeline_services.maintenance.rotation.tls import bundle
from pipeline_services.maintenance.rotation.watch import Look
from pipeline_services.maintenance.rotation.workloads import Workloads, files_of
from pipeline_services.model import roles
from pipeline_services.model.errors import NoData, ServiceUnreachable
from pipeline_services.model.k8s import is_terminating, name_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.secrets.tls import CA, LOCAL_NAME

READ_AGAIN: Final = (roles.PROMETHEUS, roles.INFLUXDB)
"""What reads the CAs from the file whenever it needs them; all others read them when they start."""
CURL: Final = ("curl", "-sS", "-o", "/dev/null", "--max-time", "5", "--cacert")

Client = tuple[Object, str, str]
"""A pod, its container, and the file with the CAs that it trusts."""


@dataclass(frozen=True, slots=True)
class TlsClients:
    """Every workload that reads the TLS Secret, InfluxDB itself included."""

    cluster: WritableCluster
    pipeline: Pipeline
    workloads: Workloads

    @property
    def secret(self) -> str:
        """The Secret's name."""
        return self.pipeline.config.tls

    def all(self) -> list[Object]:
        """All of them."""
        return self.workloads.reading([self.secret])

    def starting(self) -> list[Object]:
        """The workloads that read the CAs when they start."""
        return [one for one in self.all() if not self._reads_again(one)]

    def reading_again(self) -> list[Object]:
        """The workloads that read the CAs again by themselves."""
        return [one for one in self.all() if self._reads_again(one)]

    def influxdb(self) -> Object:
        """The server's own workload. Raises NoData where it does not read the Secret."""
        name = self.pipeline[roles.INFLUXDB].workload
        found = next((one for one in self.all() if name_of(one) == name), None)
        if found is None:
            raise NoData(f"{name} does not read {self.secret}")
        return found

    def behind(self, ca: bytes) -> list[str]:
        """The workloads that have not started since the CAs changed, and the pods whose file holds others."""
        late = [name_of(one) for one in self.starting() if not self.workloads.is_current(one)]
        return sorted({*late, *self.with_other_files(ca)})

    def with_other_files(self, ca: bytes) -> list[str]:
        """The pods whose file holds other CAs than these."""
        expected = bundle.prints_of(ca)
        return [
            name_of(pod)
            for pod, container, file in self._clients()
            if bundle.prints_of(output_of(self.cluster, name_of(pod), container, ("cat", file))) != expected
        ]

    def verified(self, look: Look) -> list[str]:
        """The pods, each of which takes InfluxDB's certificate by the CAs in its file.

        Raises:
            UnexpectedAnswer: one does not.
            ServiceUnreachable: there is none, or Grafana cannot read.
        """
        checked = []
        for pod, container, file in self._clients():
            output_of(self.cluster, name_of(pod), container, (*CURL, file, f"{self._url_for(pod)}/health"))
            checked.append(name_of(pod))
        broken = [f"{pod}: {one.message}" for pod, one in look.sources.items() if not one.works]
        if broken or not checked:
            raise ServiceUnreachable(f"not verified: {'; '.join(broken) or 'there is no client'}")
        return checked

    def _clients(self) -> Iterator[Client]:
        """Every pod that is there to stay, with what it trusts."""
        for workload in self.all():
            for pod in self.workloads.running_pods(workload):
                if not is_terminating(pod):
                    yield from ((pod, container, file) for container, file in files_of(pod, self.secret, CA))

    def _reads_again(self, workload: Object) -> bool:
        here = [self.pipeline[role].workload for role in READ_AGAIN if role in self.pipeline.components]
        return name_of(workload) in here

    def _url_for(self, pod: Object) -> str:
        """InfluxDB's own pod calls it by the name that it has there: no policy lets it call itself by the Service's."""
        service = self.pipeline.service(roles.INFLUXDB)
        itself = self.pipeline[roles.INFLUXDB].owns(pod)
        return f"{service.scheme}://{LOCAL_NAME}:{service.port}" if itself else service.url
