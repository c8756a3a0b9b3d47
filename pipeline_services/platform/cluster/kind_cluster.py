"""The life of the kind cluster: made, found again, started, entered, deleted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pytest_kubernetes.options import ClusterOptions
from pytest_kubernetes.providers import select_provider_manager

from pipeline_services.clients import engine as engines
from pipeline_services.clients import shell
from pipeline_services.clients.engine import Engine
from pipeline_services.clients.manifests import Manifest
from pipeline_services.model import paths
from pipeline_services.model.atomic import write_whole
from pipeline_services.model.failures import CommandFailed, PlatformError
from pipeline_services.model.k8s import is_complete, name_of, namespace_of
from pipeline_services.model.paths import Cache
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.platform.build.images import PREFIX
from pipeline_services.platform.build.node import BASE_LABEL
from pipeline_services.platform.cluster.access import ClusterAccess, access_to, answers

CREATE_WITHIN: Final = 300
READY_WITHIN: Final = 120
START_WITHIN: Final = 180.0
PART_WITHIN: Final = 180
ABSENT: Final = "absent"
RUNNING: Final = "running"
IN_BETWEEN: Final = ("stopping", "removing", "restarting")
PARTS: Final = ("coredns.yaml", "kube-router.yaml", "storage-class.yaml", "storage.yaml", "metrics-server.yaml")
METRICS_API: Final = "metrics-api.yaml"
BEFORE_METRICS_API: Final = ("kube-system/daemonset/kube-proxy", "kube-system/deployment/metrics-server")
OWN_WORKLOADS: Final = (
    *BEFORE_METRICS_API,
    "kube-system/daemonset/kube-router",
    "kube-system/deployment/coredns",
    "local-path-storage/deployment/local-path-provisioner",
)


@dataclass(frozen=True, slots=True)
class KindCluster:
    """One cluster by name, whether it is there or not. ``tools``: the folder with kind and kubectl."""

    access: ClusterAccess
    engine: Engine
    tools: Path

    @classmethod
    def of(cls, cache: Cache, name: str, engine: Engine, tools: Path) -> KindCluster:
        return cls(access_to(cache, name), engine, tools)

    @property
    def container(self) -> str:
        """The node's container, as kind names it."""
        return f"{self.access.name}-control-plane"

    @property
    def _finished(self) -> Path:
        """Written once the cluster was made completely; without it a cluster may be a torso."""
        return self.access.kubeconfig.with_name("created")

    def state(self) -> str:
        """``absent``, or the node container's state as the engine says it: running, exited, paused …"""
        try:
            return self.engine.run("container", "inspect", "--format", "{{.State.Status}}", self.container).strip()
        except CommandFailed:
            return ABSENT

    def node_base(self) -> str:
        """The content key of what the node is made of; empty for a node that is not ours."""
        query = f'{{{{index .Config.Labels "{BASE_LABEL}"}}}}'
        return self.engine.run("container", "inspect", "--format", query, self.container).strip()

    def create(self, image: str) -> None:
        """Make the cluster from a node image and wait until its API answers; a torso of an earlier try goes first.

        Raises:
            CommandFailed: kind could not; with the end of its words.
        """
        folder = self.access.kubeconfig.parent
        folder.mkdir(parents=True, exist_ok=True)
        config = yaml.safe_load((paths.CLUSTER_MANIFESTS / "kind.yaml").read_text(encoding="utf-8"))
        config["name"] = self.access.name
        for node in config["nodes"]:
            node["image"] = image
        file = folder / "kind.yaml"
        file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        manager = self._manager()
        options = ClusterOptions(
            cluster_name=self.access.name,
            provider_config=file,
            kubeconfig_path=self.access.kubeconfig,
            cluster_timeout=CREATE_WITHIN,
        )
        try:
            manager.create(options, timeout=READY_WITHIN)
        except subprocess.CalledProcessError as error:
            tail = (error.stderr or b"").decode(errors="replace")
            raise CommandFailed("kind create cluster", error.returncode, tail) from error
        except (subprocess.TimeoutExpired, RuntimeError) as error:
            raise PlatformError(f"the cluster did not come up: {error}", next_step="make down && make up") from error
        self._finished.write_text(f"{image}\n", encoding="utf-8")

    def recover(self) -> bool:
        """Start a node that stands still, fetch a kubeconfig that is gone, and wait for the API.

        Returns:
            False when this is a torso that never was a cluster: make it anew.
        """
        wait_until(lambda: self.state() not in IN_BETWEEN, within=60, what="the node's container to settle")
        if self.state() != RUNNING:
            verb = "unpause" if self.state() == "paused" else "start"
            self.engine.run(verb, self.container)
        whole = self._finished.exists()
        try:
            if not self.access.kubeconfig.exists():
                self.access.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
                self._export_kubeconfig()
            wait_until(self.answers, within=START_WITHIN if whole else 20.0, what="the API server")
        except (WaitExpired, CommandFailed) as error:
            if not whole:
                return False
            raise PlatformError(
                f"cluster {self.access.name} runs but its API does not answer", next_step="make down && make up"
            ) from error
        return True

    def answers(self) -> bool:
        """Whether the API server says that it is ready."""
        return answers(self.access)

    def kubectl(self, *words: str | Path, timeout: float | None = 60) -> str:
        """Run kubectl with full rights and return what it wrote. Raises CommandFailed where it ended with an error."""
        flags = ("--kubeconfig", self.access.kubeconfig, "--context", self.access.context)
        return shell.run([self.tools / "kubectl", *flags, *words], timeout=timeout, what=f"kubectl {words[0]}")

    def apply(self, images: Mapping[str, str], manifests: Collection[str]) -> None:
        """Bring parts of the cluster to what the checkout says. ``manifests``: names of files in manifests/cluster."""
        texts = [(paths.CLUSTER_MANIFESTS / name).read_text(encoding="utf-8").rstrip() for name in manifests]
        rendered = self.access.kubeconfig.with_name("parts.yaml")
        rendered.write_text(with_images("\n---\n".join(texts) + "\n", images), encoding="utf-8")
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", rendered)

    def wait_for(self, workloads: Collection[str]) -> None:
        """Wait until parts of the cluster are rolled out, each given as namespace/kind/name.

        Raises:
            PlatformError: some do not come up; names them.
        """
        try:
            wait_until(
                lambda: not self.unready(workloads), within=PART_WITHIN, every=1.0, what="the cluster's own parts"
            )
        except WaitExpired as error:
            namespace, name = self.unready(workloads)[0].split("/", 1)
            raise PlatformError(
                f"{name} in {namespace} does not come up", next_step=f"kubectl -n {namespace} describe {name}"
            ) from error

    def unready(self, workloads: Collection[str]) -> list[str]:
        """Those of the workloads that are not, or not completely, rolled out."""
        found = json.loads(self.kubectl("get", "deployments,daemonsets", "--all-namespaces", "-o", "json"))
        ready = {_identity(item) for item in found["items"] if is_complete(item)}
        return [workload for workload in workloads if workload not in ready]

    def delete(self) -> None:
        """Delete the cluster and its files."""
        if (self.tools / "kind").exists():
            self._kind("delete", "cluster", "--name", self.access.name)
        else:  # the tools may have been cleaned away before
            self.engine.run("rm", "--force", "--volumes", self.container)
        self.forget()

    def forget(self) -> None:
        """Delete the files of a cluster that is gone."""
        shutil.rmtree(self.access.kubeconfig.parent, ignore_errors=True)

    def _export_kubeconfig(self) -> None:
        self._kind("export", "kubeconfig", "--name", self.access.name, "--kubeconfig", str(self.access.kubeconfig))

    def _kind(self, *words: str) -> str:
        env = engines.environment(self.engine, self.tools)
        return shell.run([self.tools / "kind", *words], env=env, what=f"kind {words[0]}", timeout=120)

    def _manager(self) -> Any:
        # pytest-kubernetes hands its children this process's environment, and nothing else.
        os.environ.update(engines.environment(self.engine, self.tools))
        return select_provider_manager("kind")(self.access.name, None, self.access.kubeconfig)


def with_images(text: str, images: Mapping[str, str]) -> str:
    """Put the full name in place of each ``localhost/conveyor/NAME``.

    Raises:
        KeyError: a manifest asks for an image that nobody builds.
    """
    return re.sub(rf"{PREFIX}/([a-z-]+)(?![\w:-])", lambda match: images[match.group(1)], text)


def written(file: Path, objects: Iterable[Manifest], images: Mapping[str, str]) -> Path:
    """A file with these objects and the full names of their images, for kubectl to apply.

    Raises:
        KeyError: an object asks for an image that nobody builds.
    """
    return write_whole(file, with_images(yaml.safe_dump_all(objects, sort_keys=False), images).encode())


def _identity(workload: Mapping[str, Any]) -> str:
    return f"{namespace_of(workload)}/{workload['kind'].lower()}/{name_of(workload)}"
