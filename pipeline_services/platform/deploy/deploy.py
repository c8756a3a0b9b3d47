"""Bring the running pipeline to what the checkout says, whatever was done to it since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from pipeline_services.clients.api_server import MAX_CONNECTIONS
from pipeline_services.clients.kubernetes import Object, WritableCluster
from pipeline_services.model import own_cluster, roles
from pipeline_services.model.errors import Invalid
from pipeline_services.model.k8s import match_labels_of, name_of, replicas_of, version_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.settings import Target
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.deploy import drift, removed, render, rollout
from pipeline_services.platform.deploy.drift import CLAIM, PRUNED_KINDS, key, listed
from pipeline_services.platform.deploy.reader import ensure_reader
from pipeline_services.platform.deploy.reads import READS, stamp_of, started_with
from pipeline_services.platform.deploy.secrets.store import SecretStore, made_secrets

AUTOSCALER: Final = "HorizontalPodAutoscaler"


class Access(Protocol):
    """How to reach the pipeline's cluster, and where to leave the read-only account's kubeconfig."""

    @property
    def target(self) -> Target: ...
    @property
    def reader_kubeconfig(self) -> Path: ...


def deploy(access: Access, images: Mapping[str, str], progress: Say, *, overlay: Path = render.OVERLAY) -> None:
    """Apply the manifests, make the secrets that are missing, remove what does not belong, and wait until all is ready.

    Args:
        images: name of an image, as in ``localhost/conveyor/NAME``, to its full reference.
        overlay: the folder of the manifests.

    Raises:
        RolloutFailed: something does not come up; says which pod, why, and how its log ends.
        PipelineError: the cluster or InfluxDB cannot be asked, or refuses.
    """
    manifests = render.render(images, overlay)
    with ThreadPoolExecutor(MAX_CONNECTIONS) as pool, closing(WritableCluster.connect(access.target)) as api:
        _Deploy(api, pool, manifests, progress, access.target.pipeline).run(access)


class _Deploy:
    """One deploy. ``versions`` has the resource version of every ConfigMap and Secret that is in place."""

    def __init__(
        self, api: WritableCluster, pool: Executor, manifests: list[Object], progress: Say, pipeline: Pipeline
    ) -> None:
        self._api = api
        self._pipeline = pipeline
        self._pool = pool
        self._progress = progress
        self._workloads = [manifest for manifest in manifests if render.is_workload(manifest)]
        self._foundation = [manifest for manifest in manifests if not render.is_workload(manifest)]
        self._live: dict[tuple[str, str], Object] = {}
        self._versions: dict[tuple[str, str], str] = {}
        self._applied: dict[str, str] = {}

    def run(self, access: Access) -> None:
        kinds = {kind: [one for one in self._foundation if one["kind"] == kind] for kind in ("Namespace", AUTOSCALER)}
        for namespace in kinds["Namespace"]:
            self._api.apply(namespace)
        pods = self._read_live()
        self._remove_unexpected(pods, access.reader_kubeconfig.parent / removed.FOLDER)
        self._apply([one for one in self._foundation if one["kind"] not in kinds])
        live = [item for (kind, _), item in self._live.items() if kind == "Secret"]
        secrets = SecretStore(self._api, live, self._pipeline)
        self._say("made", secrets.ensure_local())
        self._apply_workloads(secrets)
        self._unstick(pods)
        rollout.wait_for(self._api, self._pool, [self._pipeline[roles.INFLUXDB].workload], self._progress)
        self._say("made", secrets.ensure_tokens())
        self._apply_workloads(secrets)
        self._apply(kinds[AUTOSCALER])  # last: one without its target warns of it
        rollout.wait_for(self._api, self._pool, [name for _, name in map(key, self._workloads)], self._progress)
        own_reader = ("ServiceAccount", own_cluster.READER_ACCOUNT) in map(key, self._foundation)
        if own_reader and ensure_reader(self._api, access.target, access.reader_kubeconfig):
            self._progress(f"wrote {access.reader_kubeconfig}")

    def _read_live(self) -> list[Object]:
        """Remember all objects of the kinds that are managed, and return the pods."""
        lists = list(self._pool.map(partial(listed, self._api), (*PRUNED_KINDS, "Pod")))
        self._live = {key(item): item for items in lists[:-1] for item in items}
        return lists[-1]

    def _remove_unexpected(self, pods: list[Object], folder: Path) -> None:
        expected = {key(manifest) for manifest in (*self._foundation, *self._workloads)}
        expected |= {("Secret", name) for name in made_secrets(self._pipeline)}
        selectors = [match_labels_of(workload) for workload in self._workloads]
        surplus = drift.unexpected(self._live.values(), expected) + drift.intruders(pods, selectors)
        if not surplus:
            return
        self._say("removed", [f"{kind} {name}" for kind, name in map(key, surplus)])
        self._progress(f"  kubectl create -f {removed.save(surplus, folder)} brings it back")
        for _ in self._pool.map(lambda item: self._api.delete(*key(item)), surplus):
            pass

    def _apply(self, manifests: Iterable[Object]) -> None:
        for manifest, result in zip(manifests, self._pool.map(self._apply_one, manifests), strict=True):
            if manifest["kind"] == "ConfigMap":
                self._versions[key(manifest)] = version_of(result)

    def _apply_one(self, manifest: Object) -> Object:
        if manifest["kind"] == CLAIM:
            return self._api.apply(drift.no_smaller(manifest, self._api.get(*key(manifest))))
        live = self._live.get(key(manifest))
        fields = drift.taken_over(live) if live else None
        if live and fields:
            self._progress(f"{' '.join(key(live))} was changed by hand: restoring it")
            self._api.merge(*key(live), {"metadata": {"managedFields": fields}})
        try:
            return self._api.apply(manifest)
        except Invalid:
            if not live:
                raise
            # A selector or a volume claim cannot be changed in place. The pods stay until they are replaced.
            name = " ".join(key(live))
            self._progress(f"{name} cannot be changed in place: making it anew")
            self._api.delete(*key(live), orphans=True)
            wait_until(lambda: self._api.get(*key(live)) is None, within=30, what=f"{name} to be gone")
            return self._api.apply(manifest)

    def _apply_workloads(self, secrets: SecretStore) -> None:
        """Apply each workload whose secrets are there, unless it is in place already with just these versions."""
        versions = {**self._versions, **secrets.versions}
        ready = []
        for manifest in self._workloads:
            sources = render.reads(manifest)
            name = name_of(manifest)
            stamp = started_with(self._live.get(key(manifest)), stamp_of(manifest, versions))
            if all(source in versions for source in sources) and self._applied.get(name) != stamp:
                manifest["spec"]["template"]["metadata"].setdefault("annotations", {})[READS] = stamp
                self._applied[name] = stamp
                ready.append(manifest)
        self._note_changes(ready, list(self._pool.map(self._apply_one, ready)))

    def _note_changes(self, manifests: list[Object], results: list[Object]) -> None:
        for manifest, result in zip(manifests, results, strict=True):
            live = self._live.get(key(manifest))
            if live is None or live["metadata"]["generation"] != result["metadata"]["generation"]:
                self._progress(f"{manifest['metadata']['name']}: {'new' if live is None else 'changed'}")
            self._live[key(manifest)] = result
            if replicas_of(result) == 0:
                self._wake(manifest)

    def _wake(self, manifest: Object) -> None:
        """An autoscaler leaves a target that somebody scaled to 0 alone for ever."""
        kind, name = key(manifest)
        self._progress(f"{name} was scaled to 0: one replica again")
        self._api.merge(kind, name, {"spec": {"replicas": 1}}, part="scale")

    def _unstick(self, pods: list[Object]) -> None:
        """Replace pods that failed before: what they failed of may be repaired by now, and they wait for minutes."""
        stuck = rollout.stuck_pods(pods)
        self._say("replaced", [f"pod {pod['metadata']['name']}" for pod in stuck])
        for _ in self._pool.map(lambda pod: self._api.delete("Pod", name_of(pod), grace=0), stuck):
            pass

    def _say(self, what: str, things: list[str]) -> None:
        if things:
            self._progress(f"{what} {', '.join(sorted(things))}")
