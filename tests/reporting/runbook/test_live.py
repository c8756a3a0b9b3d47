"""Every reading command of RUNBOOK.md is typed on the running cluster, and shows what the text says that it shows.

And what the source of the runbook says instead is typed too: it does not work, or says less than it seems to.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pipeline_services.clients.manifests import rendered
from pipeline_services.model import own_cluster
from pipeline_services.model.k8s import name_of
from pipeline_services.model.paths import REPOSITORY, Cache, cache_root
from pipeline_services.model.waiting import WaitExpired, wait_until
from pipeline_services.platform.build.progress import Durations, Progress
from pipeline_services.platform.cluster import lifecycle
from pipeline_services.platform.cluster.access import access_to
from pipeline_services.reporting.runbook import commands, runbook
from pipeline_services.reporting.runbook.commands import Command
from pipeline_services.reporting.runbook.typed import Answer, OperatorShell
from tests.reporting.runbook.kubectl_words import Words

pytestmark = pytest.mark.live

TEXT = runbook.RUNBOOK.read_text()
SETTLES_WITHIN = 100.0
"""Seconds for what takes a moment after a pod has been started, such as an autoscaler's figures."""
KUSTOMIZATIONS = sorted(file.parent for file in (REPOSITORY / "manifests").rglob("kustomization.yaml"))
HERE = "kubectl exec -n conveyor-pipeline"


def reading() -> dict[str, Command]:
    """Each once, with all that the runbook says of it in its several places."""
    found: dict[str, Command] = {}
    for one in commands.commands(TEXT):
        if one.reads:
            seen = found.get(one.text, one)
            found[one.text] = replace(
                seen,
                shows=tuple(dict.fromkeys((*seen.shows, *one.shows))),
                hides=tuple(dict.fromkeys((*seen.hides, *one.hides))),
                fails=seen.fails or one.fails,
            )
    return found


READING = reading()


@pytest.fixture(scope="module")
def kubectl() -> Path:
    progress = Progress(Durations(Cache(cache_root()).durations))
    return lifecycle.kubectl(own_cluster.CLUSTER, progress)


@pytest.fixture
def shell(kubectl: Path, tmp_path: Path) -> OperatorShell:
    return OperatorShell(access_to(Cache(cache_root())).kubeconfig, kubectl, tmp_path)


def filled_in(shell: OperatorShell) -> Mapping[str, str]:
    """What an operator would fill in: a pod that was never restarted, its container, the node."""
    columns = (
        "NAME:.metadata.name,CONTAINER:.spec.containers[0].name,RESTARTS:.status.containerStatuses[0].restartCount"
    )
    pods = shell.type(f"kubectl get pods -n conveyor-pipeline --no-headers -o custom-columns={columns}").output
    lines = map(str.split, pods.splitlines())
    pod, container = next((name, container) for name, container, restarts in lines if restarts == "0")
    node = shell.type("kubectl get nodes -o name").output.strip().removeprefix("node/")
    return {"pod": pod, "container": container, "node": node}


def answered(shell: OperatorShell, command: Command) -> tuple[Answer, list[str]]:
    def enough(output: str) -> bool:
        return command.open_ended and not command.flaws(None, output)

    values = filled_in(shell) if command.gaps else {}
    answer = shell.type(command.filled(values), enough=enough)
    wrong = command.flaws(answer.code, answer.output)
    if answer.code is None and not command.open_ended:
        wrong.append("it does not end")
    return answer, wrong


@pytest.mark.parametrize("command", READING)
def test_the_command_shows_what_the_runbook_says(shell: OperatorShell, command: str) -> None:
    last: list[str] = []

    def right() -> bool:
        answer, wrong = answered(shell, READING[command])
        last[:] = [*wrong, answer.output[-1500:]]
        return not wrong

    with suppress(WaitExpired):  # what is wrong with the last answer is told below
        wait_until(right, within=SETTLES_WITHIN, what=command, every=2.0)
    assert not last[:-1], "\n".join([command, *last])


def test_a_copied_file_is_there(shell: OperatorShell) -> None:
    (copying,) = [command for command in READING if command.startswith("kubectl cp ")]
    shell.type(copying)
    assert "kafka-0" in (shell.folder / "hosts-of-kafka").read_text()


@pytest.mark.parametrize(
    "query", [q for block in re.findall(r"```logql\n(.*?)```", TEXT, re.DOTALL) for q in block.splitlines()]
)
def test_the_search_is_answered(shell: OperatorShell, query: str) -> None:
    where = "http://localhost:3100/loki/api/v1/query_range"
    ask = f"{HERE} deploy/loki -- curl -sSG --max-time 5 {where} --data-urlencode 'query={query}'"
    answer = shell.type(ask)
    assert answer.code == 0
    assert '"status":"success"' in answer.output


def test_the_recorded_words_of_kubectl_are_its_own(kubectl: Path) -> None:
    assert Words.ask(str(kubectl)) == Words.load()


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=lambda folder: str(folder.relative_to(REPOSITORY)))
def test_kubectl_renders_the_manifests_as_they_are_deployed(kubectl: Path, folder: Path) -> None:
    text = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=True).stdout
    objects = {(one["kind"], name_of(one)): one for one in yaml.safe_load_all(text)}
    assert objects == {(one["kind"], name_of(one)): one for one in rendered(folder)}


def test_make_tells_where_kubectl_is(shell: OperatorShell) -> None:
    answer = replace(shell, folder=runbook.RUNBOOK.parent).type("make -s kubectl")
    assert answer == Answer(0, f"{shell.kubectl}\n")


class TestTheSource:
    """Its commands, as it has them."""

    def test_exec_takes_no_selector(self, shell: OperatorShell) -> None:
        answer = shell.type(f"{HERE} -l app=producer -- nc -zv kafka-service 9092")
        assert answer.code == 1
        assert "unknown shorthand flag: 'l' in -l" in answer.output

    def test_curl_to_a_port_that_answers_never_ends(self, shell: OperatorShell) -> None:
        answer = shell.type(f"{HERE} deploy/producer -- curl -v telnet://kafka-service:9092", within=8.0)
        assert answer.code is None
        assert "Connected to kafka-service" in answer.output

    def test_an_insecure_curl_is_content_with_a_certificate_of_another_name(self, shell: OperatorShell) -> None:
        url = "https://influxdb-headless:8086/health"
        careless = shell.type(f"{HERE} deploy/processor -- curl -k {url}")
        careful = shell.type(
            f"{HERE} deploy/processor -- curl -sS --max-time 5 --cacert /etc/influxdb-tls/ca.crt {url}"
        )
        assert '"status":"pass"' in careless.output
        assert careful.code == 60
        assert "no alternative certificate subject name matches" in careful.output

    def test_grep_finds_no_autoscaler_among_the_events(self, shell: OperatorShell) -> None:
        events = "kubectl get events -n conveyor-pipeline --sort-by='.lastTimestamp'"
        assert shell.type(f"{events} | grep HorizontalPodAutoscaler") == Answer(1, "")
        kinds = shell.type(f"{events} --no-headers -o custom-columns=KIND:.involvedObject.kind").output.split()
        shown = shell.type(f"{events} --no-headers").output
        assert not any(f" {kind}/" in shown for kind in kinds)

    def test_endpoints_are_deprecated(self, shell: OperatorShell) -> None:
        assert "deprecated" in shell.type("kubectl get endpoints -n conveyor-pipeline").output

    def test_df_without_a_path_leaves_the_volume_out(self, shell: OperatorShell) -> None:
        answer = shell.type(f"{HERE} influxdb-0 -- df -h")
        assert answer.code == 0
        assert "/var/lib/influxdb" not in answer.output

    def test_the_service_of_grafana_has_no_address_outside(self, shell: OperatorShell) -> None:
        answer = shell.type("kubectl get svc -n conveyor-pipeline grafana-service --no-headers")
        kind, _, outside = answer.output.split()[1:4]
        assert (kind, outside) == ("ClusterIP", "<none>")

    def test_grep_for_a_claim_shows_nothing_where_there_is_none(self, shell: OperatorShell) -> None:
        grep = shell.type("kubectl get pvc -n conveyor-pipeline | grep kafka-of-another-name")
        selector = shell.type("kubectl get pvc -n conveyor-pipeline -l app=kafka-of-another-name")
        assert grep == Answer(1, "")
        assert "No resources found" in selector.output

    def test_there_is_no_such_script(self) -> None:
        assert not (runbook.RUNBOOK.parent / "scripts" / "resilience-test.sh").exists()
