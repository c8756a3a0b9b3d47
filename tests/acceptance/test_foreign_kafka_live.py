"""A Kafka outside the cluster: it answers, refuses a login, and is gone. All that is seen of it is its address.

Needs the suite's own cluster, deploys a pipeline and its broker in two namespaces beside it, and takes four minutes.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_services import faults
from pipeline_services.clients.kafka_access import foreign_link
from pipeline_services.clients.kafka_broker import KafkaBroker
from pipeline_services.clients.kubernetes import WritableCluster
from pipeline_services.faults.journal import Call, Journal
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.kinds import KINDS
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.build.progress import Progress
from pipeline_services.platform.cluster.access import ClusterAccess
from pipeline_services.platform.cluster.bring_up import Platform
from pipeline_services.platform.deploy.deploy import deploy
from tests import hosted_pipeline
from tests.acceptance.bench import Run, Verdict, pytest_daily, triage
from tests.hosted_pipeline import BROKER_SPACE, SPACE
from tests.judgements.foreign_roles import CONTACT, LOGIN

pytestmark = [pytest.mark.live, pytest.mark.slow]

LIFETIME_S = 1_800.0
ANSWERS_WITHIN_S = 120.0
SHOWS_WITHIN_S = 300.0
TAKES_MOST_S = 180.0
SEEN_OVER_THE_ADDRESS = {
    *("test_kafka_topic[conveyor-speed]", "test_topic_grows", "test_consumer_group_stable", "test_processors_only"),
    *("test_key_metric[consumer-lag]", "test_key_metric[consumer-lag-growth]"),
}
REFUSED = "kafka does not let the account log in"


@dataclass(frozen=True)
class Hosted:
    """The pipeline, the file that describes it, and what its cluster is reached by."""

    pipeline: Pipeline
    file: Path
    access: ClusterAccess
    admin: WritableCluster

    @property
    def address(self) -> str:
        return self.pipeline["kafka"].address

    def daily(self, reports: Path) -> Run:
        return pytest_daily(*self._options(), reports=reports)

    def triage(self, reports: Path) -> dict[str, Any]:
        run = triage(*self._options(), reports=reports)
        assert (reports / "triage.json").exists(), run.output
        return dict(json.loads((reports / "triage.json").read_text()))

    def _options(self) -> tuple[str | Path, ...]:
        reader = self.access.reader
        return "--kubeconfig", reader.kubeconfig, "--context", reader.context, "--pipeline", self.file


def namespaces(admin: WritableCluster) -> faults.Fault:
    """Both namespaces as a change that is undone, with all that is in them, whatever becomes of this run."""
    paths = {name: KINDS["Namespace"].path(name=name) for name in (BROKER_SPACE, SPACE)}

    def there() -> list[str]:
        return [one["metadata"]["name"] for one in admin.list("namespaces") if one["metadata"]["name"] in paths]

    return faults.Fault(
        f"the namespaces {BROKER_SPACE} and {SPACE}",
        [Call("POST", KINDS["Namespace"].path(), {"metadata": {"name": name}}) for name in paths],
        [Call("DELETE", path) for path in paths.values()],
        gone=faults.Proof("both namespaces to be gone", lambda: not there(), TAKES_MOST_S),
        lifetime_s=LIFETIME_S,
    )


def answers(pipeline: Pipeline, login: dict[str, Any]) -> bool:
    """Whether the broker lets this machine in, as any client."""
    with KafkaBroker(foreign_link(pipeline["kafka"], [login])) as broker:
        return bool(broker.addresses())


@pytest.fixture(scope="module")
def hosted(
    access: ClusterAccess, admin: WritableCluster, journal: Journal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hosted]:
    """The pipeline and its broker, judged green once."""
    found = Platform.find(access.name, Progress())
    assert found
    images, folder = found.assembly.image_refs(), tmp_path_factory.mktemp("hosted")
    found.bring_images(images)
    [host] = (one["address"] for one in admin.list("nodes")[0]["status"]["addresses"] if one["type"] == "InternalIP")
    pipeline = hosted_pipeline.described(host)
    (folder / "hosted.toml").write_text(hosted_pipeline.as_file(pipeline))
    password = secrets.token_urlsafe(16)
    objects, ca = hosted_pipeline.broker(host, password, images["kafka"])
    login = hosted_pipeline.login(password, ca)
    made = namespaces(admin)
    here = replace(access, pipeline=pipeline)
    with closing(WritableCluster(admin.server.access, SPACE)) as there, faults.injected(admin, journal, made):
        for one in (*objects, login):
            admin.apply(one)
        wait_until(
            lambda: answers(pipeline, login),
            within=ANSWERS_WITHIN_S,
            what="the hosted Kafka to let this machine in",
            every=2.0,
            retry_on=(PipelineError,),
        )
        hosted = Hosted(pipeline, folder / "hosted.toml", here, there)
        deploy(here, images, Progress(), overlay=hosted_pipeline.write_overlay(pipeline, folder))
        wait_until(
            lambda: Verdict(failing(hosted.daily(folder / "settling"))),
            within=SHOWS_WITHIN_S,
            what="the pipeline with a hosted Kafka to be green",
            every=5.0,
        )
        yield hosted
    faults.gone(made)


def test_topic_partitions_and_lag_are_judged_over_its_address(hosted: Hosted, tmp_path: Path) -> None:
    run = hosted.daily(tmp_path)
    assert run.exit_code == 0, run.output
    outcomes = judged(tmp_path)
    assert {outcomes.get(one) for one in SEEN_OVER_THE_ADDRESS} == {"passed"}, outcomes


def test_what_cannot_be_seen_of_it_is_named_once_and_not_judged(hosted: Hosted, tmp_path: Path) -> None:
    said = " ".join(hosted.daily(tmp_path).output.split())
    assert said.count(f"kafka (outside the cluster, {hosted.address}; {CONTACT})") == 1, said
    assert [one for one in judged(tmp_path) if one.endswith("[kafka]")] == ["test_settings_lead_to[kafka]"]


def test_a_wrong_password_is_one_clear_line_and_never_green(hosted: Hosted, journal: Journal, tmp_path: Path) -> None:
    name = LOGIN["password"]["secret"]
    wrong = faults.secret_value(hosted.admin, name, SPACE, {LOGIN["password"]["key"]: b"not-the-password"})
    with faults.injected(hosted.admin, journal, wrong):
        run = hosted.daily(tmp_path)
        found = hosted.triage(tmp_path)
    assert run.exit_code == 2, run.output
    outcomes = judged(tmp_path)
    assert "failed" not in outcomes.values(), outcomes
    assert {outcomes.get(one) for one in SEEN_OVER_THE_ADDRESS} == {"inconclusive"}, outcomes
    assert len(re.findall(REFUSED, " ".join(run.output.split()))) == 1, run.output
    lasting = [one for one in found["findings"] if not one["self_healing"]]
    assert (found["healthy"], lasting) == (False, []), "readings flow; that nobody looks is no fault of theirs"


def test_once_it_is_gone_it_is_the_first_cause(hosted: Hosted, tmp_path: Path) -> None:
    hosted.admin.call("DELETE", KINDS["Pod"].path(BROKER_SPACE, "kafka"), {"gracePeriodSeconds": 0})

    def first() -> dict[str, Any] | None:
        found = hosted.triage(tmp_path)["findings"]
        return found[0] if found and found[0]["cause"] == "broker-unresponsive" else None

    named = wait_until(first, within=SHOWS_WITHIN_S, what="the hosted Kafka to be the first cause", every=5.0)
    assert named
    assert named["component"] == "kafka"
    assert f"{hosted.address}, outside the cluster, does not answer; call {CONTACT}" in named["summary"]
    run = hosted.daily(tmp_path)
    assert run.exit_code in (1, 2), run.output
    assert judged(tmp_path)["test_kafka_topic[conveyor-speed]"] == "inconclusive"


def failing(run: Run) -> list[str]:
    """What a run said that did not pass."""
    return run.output.splitlines()[-20:] if run.exit_code else []


def judged(reports: Path) -> dict[str, str]:
    """The outcome of each case, by its name."""
    checks = json.loads((reports / "daily.json").read_text())["checks"]
    return {one["id"].rpartition("::")[2]: one["outcome"] for one in checks}
