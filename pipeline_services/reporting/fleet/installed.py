"""``python -m pipeline_services.reporting.fleet.installed``: a fleet as an Indexed Job in the suite's own cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pipeline_services.clients.manifests import rendered
from pipeline_services.model import own_cluster
from pipeline_services.model.arguments import Parser
from pipeline_services.model.errors import PipelineError, PreconditionNotMet
from pipeline_services.model.exit_codes import NOT_KNOWN, PASSED
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.platform.build.images import SUITE
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.platform.cluster.kind_cluster import written
from pipeline_services.platform.cluster.lifecycle import with_running
from pipeline_services.reporting.fleet.in_cluster import JOB, MANIFESTS, NAMESPACE, objects_of
from pipeline_services.reporting.fleet.members import Fleet

DELETED_WITHIN_S: Final = 300.0
RIGHTS: Final = f"app.kubernetes.io/part-of={NAMESPACE}"
"""The label of every RoleBinding of the Job's account."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the Job, or remove it; the exit code is 0, 2 where the cluster refused, 4 where the file is."""
    parser = Parser(prog="python -m pipeline_services.reporting.fleet.installed", description=__doc__)
    parser.add_argument("--fleet", type=Path, metavar="FILE", help="the pipelines; by default the suite's own alone")
    parser.add_argument("--remove", action="store_true", help="remove the Job and its rights instead")
    parser.add_argument("--name", default=own_cluster.CLUSTER, help="kind's name of the cluster (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        fleet = Fleet.load(options.fleet or MANIFESTS / "files" / "fleet.toml")
        act: Callable[[Platform], None] = remove if options.remove else lambda platform: install(platform, fleet)
        with_running(options.name, Progress(Durations(Cache(cache_root()).durations)), "fleet", act)
    except PreconditionNotMet as error:
        parser.error(str(error))
    except PipelineError as error:
        print(error, file=sys.stderr)
        return NOT_KNOWN
    print("the fleet's Job is removed" if options.remove else _NEXT)
    return PASSED


_NEXT: Final = f"""\
the fleet's Job has started; which pipelines are healthy, by their place in the file from 0 on, and why others are not:
  kubectl get job {JOB} -n {NAMESPACE} -o jsonpath='ok: {{.status.completedIndexes}}, not: {{.status.failedIndexes}}'
  kubectl logs -n {NAMESPACE} -l app={JOB} --prefix --tail=20"""


def install(platform: Platform, fleet: Fleet) -> None:
    """Build the suite's image, bring it into the node, and start a Job with an index for each pipeline.

    Raises:
        PreconditionNotMet: the fleet is none for a Job.
        PlatformError: a step failed.
    """
    images = {SUITE: platform.assembly.ref(SUITE)}
    file = platform.cluster.access.kubeconfig.with_name("fleet.yaml")
    written(file, objects_of(fleet, rendered(MANIFESTS)), images)
    platform.bring_images(images)
    job = ("job", JOB, "-n", NAMESPACE)  # what a Job runs cannot be changed
    platform.cluster.kubectl("delete", "--ignore-not-found", *job, timeout=DELETED_WITHIN_S)
    platform.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))


def remove(platform: Platform) -> None:
    """Delete the namespace with the Job, and every right of its account.

    Raises:
        PlatformError: the cluster refused.
    """
    delete = ("delete", "--ignore-not-found")
    file = str(MANIFESTS / "namespace.yaml")
    platform.cluster.kubectl(*delete, "-f", file, timeout=DELETED_WITHIN_S)
    rights = ("rolebindings,clusterrolebindings", "--all-namespaces", f"--selector={RIGHTS}")
    platform.cluster.kubectl(*delete, *rights, timeout=DELETED_WITHIN_S)


if __name__ == "__main__":
    sys.exit(main())
