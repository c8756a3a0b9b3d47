"""How to reach a cluster that was brought up here."""

from __future__ import annotations

import base64
import http.client
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import yaml

from pipeline_services.model import own_cluster
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.paths import Cache
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Target

ANSWER_WITHIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """A cluster, the files that open it, and the pipeline that runs in it.

    Attributes:
        name: kind's name of the cluster.
        context: the context in both kubeconfigs.
        kubeconfig: may do everything.
        reader_kubeconfig: may only read, as the daily checks do; written when the pipeline is deployed.
    """

    name: str
    context: str
    kubeconfig: Path
    reader_kubeconfig: Path
    pipeline: Pipeline = field(default_factory=Pipeline.load, compare=False, repr=False)

    @property
    def target(self) -> Target:
        """The pipeline with the rights to change everything."""
        return Target(str(self.kubeconfig), self.context, self.pipeline.namespace, self.pipeline)

    @property
    def reader(self) -> Target:
        """The pipeline with the rights to look at it."""
        return Target(str(self.reader_kubeconfig), self.context, self.pipeline.namespace, self.pipeline)


def access_to(cache: Cache, name: str = own_cluster.CLUSTER) -> ClusterAccess:
    """The files of a cluster, whether it is there or not."""
    folder = cache.cluster(name)
    return ClusterAccess(name, f"kind-{name}", folder / "kubeconfig", folder / "reader.kubeconfig")


def require_answer(access: ClusterAccess) -> None:
    """Raises PlatformError where the cluster does not answer."""
    if not answers(access):
        raise PlatformError(f"no cluster {access.name} answers", next_step="make up")


def answers(access: ClusterAccess) -> bool:
    """Whether the cluster's API server says that it is ready; it tells everybody, so no credentials are needed."""
    try:
        config = yaml.safe_load(access.kubeconfig.read_text(encoding="utf-8"))
        cluster = config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode("ascii")
        server = urlsplit(cluster["server"])
    except (OSError, ValueError, KeyError, IndexError, TypeError, yaml.YAMLError):
        return False
    trust = ssl.create_default_context(cadata=authority)
    connection = http.client.HTTPSConnection(server.hostname or "", server.port, timeout=ANSWER_WITHIN, context=trust)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
