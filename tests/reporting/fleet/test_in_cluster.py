"""A fleet in a cluster: an index and a right to read for each pipeline, and every file that the fleet names."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.exit_codes import NOT_KNOWN, PASSED, REFUSED
from pipeline_services.model.failures import PlatformError
from pipeline_services.model.paths import PIPELINES
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.build.images import SUITE
from pipeline_services.platform.cluster.kind_cluster import PREFIX
from pipeline_services.reporting.fleet import cli, installed
from pipeline_services.reporting.fleet.in_cluster import JOB, MANIFESTS, NAMESPACE, READER, objects_of
from pipeline_services.reporting.fleet.members import Fleet
from tests.hosted_pipeline import as_file
from tests.judgements.foreign_roles import foreign_kafka
from tests.reporting.fleet.test_fleet import listed

OWN = Pipeline.load().namespace


def made(folder: Path, *members: dict[str, str]) -> list[dict[str, Any]]:
    return objects_of(Fleet.load(listed(folder, *members)), rendered(MANIFESTS))


def one(objects: list[dict[str, Any]], kind: str, name: str = JOB) -> dict[str, Any]:
    [found] = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def test_the_pods_read_the_fleet_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text((PIPELINES / "plain.toml").read_text().replace("plain-pipeline", "line-7"))
    (tmp_path / "levels.toml").write_text("[thresholds]\n")
    objects = made(
        tmp_path,
        {"name": "own"},
        {"name": "plain", "pipeline": "plain"},
        {"name": "mine", "pipeline": "mine.toml", "settings": "levels.toml"},
        {"name": "again", "pipeline": "mine.toml", "namespace": "line-8"},
    )
    mounted = tmp_path / "etc"
    mounted.mkdir()
    for name, text in one(objects, "ConfigMap")["data"].items():
        (mounted / name).write_text(text)
    fleet = Fleet.load(mounted / "fleet.toml")
    assert [member.namespace for member in fleet.members] == [OWN, "plain-pipeline", "line-7", "line-8"]
    assert [fleet.profile(member).name for member in fleet.members] == ["conveyor", "plain", "plain", "plain"]
    assert {member.context for member in fleet.members} == {"in-cluster"}
    assert fleet.settings(fleet.members[2], fleet.profile(fleet.members[2]))
    kubeconfig = yaml.safe_load((mounted / fleet.members[0].kubeconfig).read_text())
    assert kubeconfig["current-context"] == fleet.members[0].context
    assert len(one(objects, "ConfigMap")["data"]) == 4  # a file that two name is there once


def test_each_pipeline_has_an_index_and_each_namespace_a_right_to_read(tmp_path: Path) -> None:
    members = [{"name": f"line-{n}", "namespace": f"line-{n // 2}"} for n in range(6)]
    objects = made(tmp_path, *members)
    assert one(objects, "Job")["spec"]["completions"] == 6
    bindings = [each for each in objects if (each["kind"], each["metadata"]["name"]) == ("RoleBinding", READER)]
    assert [each["metadata"]["namespace"] for each in bindings] == ["line-0", "line-1", "line-2"]
    assert {each["roleRef"]["name"] for each in bindings} == {"daily-reader"}


def test_the_pods_may_reach_a_broker_outside_the_cluster(tmp_path: Path) -> None:
    described = Pipeline.from_document(foreign_kafka("a.example.com:9093,b.example.com:9094"))
    (tmp_path / "hosted.toml").write_text(as_file(described))
    closed = one(made(tmp_path, {"name": "own"}), "NetworkPolicy")["spec"]["egress"]
    opened = one(made(tmp_path, {"name": "own"}, {"name": "hosted", "pipeline": "hosted.toml"}), "NetworkPolicy")
    [rule] = [each for each in opened["spec"]["egress"] if each not in closed]
    assert [port["port"] for port in rule["ports"]] == [9093, 9094]


def test_every_right_of_the_account_carries_the_label_that_it_is_removed_by(tmp_path: Path) -> None:
    key, _, value = installed.RIGHTS.partition("=")
    rights = [each for each in made(tmp_path, {"name": "own"}) if each["kind"].endswith("RoleBinding")]
    assert len(rights) == 4
    assert {each["metadata"]["labels"][key] for each in rights} == {value}


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ({"name": "a", "snapshot": "s.json"}, "a is a snapshot: a Job in a cluster judges what runs there"),
        ({"name": "a", "context": "plant-b"}, "a has a cluster of its own: a Job judges the cluster that it runs in"),
        ({"name": "a", "kubeconfig": "b.yaml"}, "a has a cluster of its own"),
        ({"name": "a", "settings": "none.toml"}, "cannot read .*none.toml"),
    ],
)
def test_what_a_job_cannot_judge_is_refused(member: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(PreconditionNotMet, match=said):
        made(tmp_path, member)


def test_more_than_a_configmap_holds_is_refused(tmp_path: Path) -> None:
    for number in range(40):
        text = (PIPELINES / "plain.toml").read_text()
        (tmp_path / f"{number}.toml").write_text(text + "#" * 30_000)
    with pytest.raises(PreconditionNotMet, match="larger than the 1 MB that a ConfigMap holds"):
        made(tmp_path, *({"name": f"line-{n}", "pipeline": f"{n}.toml"} for n in range(40)))


class Platform:
    """A cluster that takes everything; ``typed`` is what kubectl was told."""

    def __init__(self, folder: Path) -> None:
        self.typed: list[tuple[str, ...]] = []
        self.brought: dict[str, str] = {}
        access = SimpleNamespace(kubeconfig=folder / "kubeconfig")
        self.cluster = SimpleNamespace(tools=folder, access=access, kubectl=self._kubectl)
        self.assembly = SimpleNamespace(ref=lambda name: f"{PREFIX}/{name}:v1")
        self.bring_images = self.brought.update

    def _kubectl(self, *words: str, timeout: float = 60) -> str:
        assert timeout
        self.typed.append(words)
        return ""


def test_it_is_installed_with_the_image_and_anew_each_time(tmp_path: Path) -> None:
    platform: Any = Platform(tmp_path)
    installed.install(platform, Fleet.load(listed(tmp_path, {"name": "own"}, {"name": "plain", "pipeline": "plain"})))
    assert platform.brought == {SUITE: f"{PREFIX}/{SUITE}:v1"}
    assert [words[0] for words in platform.typed] == ["delete", "apply"]
    assert platform.typed[0][2:] == ("job", JOB, "-n", NAMESPACE)
    applied = list(yaml.safe_load_all(Path(platform.typed[1][-1]).read_text()))
    job = one(applied, "Job")["spec"]
    [container] = job["template"]["spec"]["containers"]
    assert (job["completions"], container["image"]) == (2, f"{PREFIX}/{SUITE}:v1")


def test_it_is_removed_with_its_rights_in_every_namespace(tmp_path: Path) -> None:
    platform: Any = Platform(tmp_path)
    installed.remove(platform)
    assert all(words[:2] == ("delete", "--ignore-not-found") for words in platform.typed)
    assert f"--selector={installed.RIGHTS}" in platform.typed[1]


def test_the_command_says_what_to_type_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    acted: list[Any] = []
    monkeypatch.setattr(installed, "with_running", lambda *given: acted.append(given))
    assert installed.main([]) == PASSED
    assert "failedIndexes" in capsys.readouterr().out
    assert installed.main(["--remove"]) == PASSED
    assert acted[1][3] is installed.remove

    def refuses(*_: object) -> None:
        raise PlatformError("no cluster conveyor answers", next_step="make up")

    monkeypatch.setattr(installed, "with_running", refuses)
    assert installed.main([]) == NOT_KNOWN
    assert "no cluster conveyor answers. Next: make up" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        installed.main(["--fleet", str(tmp_path / "none.toml")])
    assert ended.value.code == REFUSED


def test_a_pod_is_told_its_index_by_the_variable_that_the_command_reads() -> None:
    assert cli.INDEX == "JOB_COMPLETION_INDEX"
