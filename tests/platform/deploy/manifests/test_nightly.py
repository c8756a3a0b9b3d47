"""The nightly run in a cluster: its account, its schedule, its command, and what Prometheus gets of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_services.cli.nightly import cli, metrics
from pipeline_services.clients.kubeconfig import Access
from pipeline_services.clients.manifests import rendered
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.cluster.nightly import MANIFESTS, NAMESPACE
from pipeline_services.platform.deploy import drift, render
from tests.platform.deploy.conftest import Manifests

SPACE = Pipeline.load().namespace
READS = {"get", "list", "watch"}
ESCALATES = {"*", "bind", "escalate", "impersonate"}


@pytest.fixture(scope="module")
def nightly() -> Manifests:
    return Manifests(tuple(rendered(MANIFESTS)))


@pytest.fixture(scope="module")
def chaos() -> Manifests:
    return Manifests(tuple(yaml.safe_load_all((MANIFESTS / "chaos" / "access.yaml").read_text())))


def job(nightly: Manifests) -> dict[str, Any]:
    return dict(nightly.one("CronJob", "nightly")["spec"])


def pod(nightly: Manifests) -> dict[str, Any]:
    return dict(job(nightly)["jobTemplate"]["spec"]["template"]["spec"])


def options(command: list[str], module: str) -> list[str]:
    """What stands behind ``python3 -m MODULE``."""
    assert command[:3] == ["python3", "-m", module], shlex.join(command)
    return command[3:]


def test_one_run_at_a_time_within_its_deadlines(nightly: Manifests) -> None:
    spec = job(nightly)
    inner = spec["jobTemplate"]["spec"]
    assert (spec["concurrencyPolicy"], inner["backoffLimit"], pod(nightly)["restartPolicy"]) == ("Forbid", 0, "Never")
    assert spec["startingDeadlineSeconds"] > 0
    given = cli._parser().parse_args(options(pod(nightly)["containers"][0]["command"], "pipeline_services.cli.nightly"))
    assert 60 * given.minutes + pod(nightly)["terminationGracePeriodSeconds"] <= inner["activeDeadlineSeconds"]
    assert not given.allow_chaos


def test_the_account_only_reads(nightly: Manifests, base: Manifests) -> None:
    assert pod(nightly)["serviceAccountName"] == "nightly-reader"
    granted = [one for one in nightly.of("RoleBinding", "ClusterRoleBinding") if subject(one) == "nightly-reader"]
    roles = [base.one(one["roleRef"]["kind"], one["roleRef"]["name"]) for one in granted]
    assert {one["metadata"]["name"] for one in roles} == {
        "daily-reader",
        "conveyor-system-reader",
        "conveyor-node-reader",
        "conveyor-node-lease-reader",
    }
    for rule in (rule for role in roles for rule in role["rules"]):
        assert set(rule["verbs"]) <= READS or rule["resources"] == ["pods/portforward"]


def subject(binding: dict[str, Any]) -> str:
    [one] = binding["subjects"]
    return str(one["name"])


def test_prometheus_may_read_the_one_service_and_nothing_else(nightly: Manifests) -> None:
    [rule] = nightly.one("Role", "nightly-metrics-reader")["rules"]
    assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (
        ["services/proxy"],
        ["nightly-metrics:http"],
        ["get"],
    )
    scrape = yaml.safe_load(nightly.one("ConfigMap", "nightly-prometheus")["data"]["nightly.scrape.yml"])
    [target] = scrape["scrape_configs"]
    assert target["metrics_path"] == f"/api/v1/namespaces/{NAMESPACE}/services/nightly-metrics:http/proxy/metrics"


def test_chaos_is_not_installed_and_stays_in_the_namespace_of_the_pipeline(
    nightly: Manifests, chaos: Manifests
) -> None:
    assert "nightly-chaos" not in {name for kind in ("ServiceAccount", "Role") for name in nightly.names(kind)}
    [role] = chaos.of("Role", "ClusterRole")
    assert role["metadata"]["namespace"] == SPACE
    for rule in role["rules"]:
        assert not set(rule["verbs"]) & ESCALATES
        assert not set(rule["resources"]) & {"*", "nodes", "roles", "rolebindings", "pods/exec", "serviceaccounts"}
    assert {subject(one) for one in chaos.of("RoleBinding", "ClusterRoleBinding")} == {"nightly-chaos"}


def test_the_patch_for_chaos_fits_the_job(nightly: Manifests) -> None:
    patch = yaml.safe_load((MANIFESTS / "chaos" / "cronjob.yaml").read_text())["spec"]["jobTemplate"]["spec"]
    [container] = patch["template"]["spec"]["containers"]
    assert container["name"] == pod(nightly)["containers"][0]["name"]
    given = cli._parser().parse_args(options(container["command"], "pipeline_services.cli.nightly"))
    assert given.allow_chaos == given.context == "in-cluster"
    assert 60 * given.minutes + pod(nightly)["terminationGracePeriodSeconds"] <= patch["activeDeadlineSeconds"]


def test_what_it_has_in_the_pipelines_namespace_survives_a_repair(nightly: Manifests, chaos: Manifests) -> None:
    all_of_them = (*nightly.objects, *chaos.objects, *rendered(REPOSITORY / "manifests" / "fleet"))
    there = [one for one in all_of_them if one["metadata"].get("namespace") == SPACE]
    assert {drift.key(one) for one in there} == drift.ADDED
    assert drift.unexpected(there, set()) == []
    other = {**there[0], "metadata": {"name": "somebody-else"}}
    assert drift.unexpected([other], set()) == [other]


def test_the_pods_run_with_few_rights(nightly: Manifests) -> None:
    for spec in (pod(nightly), nightly.workload("nightly-metrics")["spec"]["template"]["spec"]):
        assert spec["securityContext"]["runAsNonRoot"]
        [container] = spec["containers"]
        assert container["image"] == "localhost/conveyor/suite"
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"].keys() == {"requests", "limits"}


def test_the_pod_with_the_metrics_serves_the_folder_of_the_run(
    nightly: Manifests, monkeypatch: pytest.MonkeyPatch
) -> None:
    [container] = nightly.workload("nightly-metrics")["spec"]["template"]["spec"]["containers"]
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(metrics, "Figures", lambda *args: asked.append(args) or metrics.GaugeMetricFamily("x", "x"))
    monkeypatch.setattr(metrics, "start_http_server", lambda port, registry: (None, Ended(port)))
    monkeypatch.setattr(metrics.CollectorRegistry, "register", lambda *_args: None)
    metrics.main(options(container["command"], "pipeline_services.cli.nightly.metrics"))
    run = cli._parser().parse_args(options(pod(nightly)["containers"][0]["command"], "pipeline_services.cli.nightly"))
    assert asked == [(run.reports, 86_400.0)]


class Ended:
    def __init__(self, port: int) -> None:
        assert port == 8000

    def join(self) -> None:
        """At once."""


def test_the_kubeconfig_opens_the_cluster_that_the_pod_is_in(nightly: Manifests, tmp_path: Path) -> None:
    text = nightly.one("ConfigMap", "nightly-kubeconfig")["data"]["kubeconfig"]
    mounted = "/var/run/secrets/kubernetes.io/serviceaccount"
    for name in ("ca.crt", "token"):
        (tmp_path / name).write_text(name)
    (tmp_path / "kubeconfig").write_text(text.replace(mounted, str(tmp_path)))
    access = Access.load(str(tmp_path / "kubeconfig"), "in-cluster")
    assert (access.server, access.ca, access.token) == ("https://kubernetes.default.svc", "ca.crt", "token")


def test_prometheus_takes_what_is_installed_and_does_without(manifests: Manifests, nightly: Manifests) -> None:
    spec = manifests.workload("prometheus")["spec"]["template"]["spec"]
    [volume] = [one for one in spec["volumes"] if one["name"] == "nightly"]
    assert volume["configMap"] == {"name": "nightly-prometheus", "optional": True}
    assert ("ConfigMap", "nightly-prometheus") not in render.reads(manifests.workload("prometheus"))
    config = yaml.safe_load(manifests.one("ConfigMap", "prometheus-config")["data"]["prometheus.yml"])
    [mount] = [one["mountPath"] for one in spec["containers"][0]["volumeMounts"] if one["name"] == "nightly"]
    files = [Path(mount, name) for name in nightly.one("ConfigMap", "nightly-prometheus")["data"]]
    globs = [*config["rule_files"], *config["scrape_config_files"]]
    assert [sum(file.match(pattern) for pattern in globs) for file in files] == [1, 1]
