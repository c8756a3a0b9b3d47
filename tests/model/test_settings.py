"""Settings are read strictly, and the cluster meant is found where kubectl would find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.levels import Levels
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.settings import Settings, own_kubeconfig, resolve_target


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "plant.toml"
    file.write_text(text)
    return file


def test_without_a_file_nothing_differs() -> None:
    assert Settings.load(None) == Settings()


def test_a_good_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[thresholds.cpu-usage]\nfail = 90\nwarn = 70.5\n[absent]\ncomponents = ["loki", "hpa"]\n')
    settings = Settings.load(file, known_metrics={"cpu-usage"})
    assert settings.thresholds == {"cpu-usage": Levels(warn=70.5, fail=90.0)}
    assert settings.absent == {"loki", "hpa"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[limits]\n", "limits"),
        ("thresholds = 3\n", "thresholds"),
        ("[thresholds.cpu-usag]\nfail = 1\n", "did you mean 'cpu-usage'"),
        ("[thresholds]\ncpu-usage = 3\n", "thresholds.cpu-usage"),
        ("[thresholds.cpu-usage]\nfails = 1\n", "fails"),
        ('[thresholds.cpu-usage]\nfail = "90"\n', "thresholds.cpu-usage.fail"),
        ("[thresholds.cpu-usage]\nfail = true\n", "thresholds.cpu-usage.fail"),
        ("[thresholds.cpu-usage]\nwarn = nan\n", "thresholds.cpu-usage.warn"),
        ('[absent]\ncomponents = "loki"\n', "absent.components"),
        ('[absent]\ncomponents = ["loky"]\n', "loky"),
        ('[absent]\ncomponent = ["loki"]\n', "component"),
        ("not toml", "not TOML"),
    ],
)
def test_a_bad_file_names_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(PreconditionNotMet, match=named) as caught:
        Settings.load(written(tmp_path, text), known_metrics={"cpu-usage"})
    assert "plant.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionNotMet, match=r"nowhere\.toml"):
        Settings.load(tmp_path / "nowhere.toml")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path


def touched(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_without_options_it_is_the_own_cluster(home: Path) -> None:
    touched(own_kubeconfig())
    target = resolve_target()
    assert target.kubeconfig == str(home / "cache/conveyor/clusters/conveyor/reader.kubeconfig")
    assert (target.context, target.namespace) == (own_cluster.CONTEXT, Pipeline.load().namespace)


def test_a_context_alone_is_looked_up_as_kubectl_does(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = touched(home / ".kube" / "config")
    assert resolve_target(context="plant").kubeconfig == str(default)
    other = touched(home / "other")
    monkeypatch.setenv("KUBECONFIG", f"{home / 'gone'}:{other}")
    assert resolve_target(context="plant", namespace="n").kubeconfig == f"{home / 'gone'}:{other}"


def test_a_kubeconfig_alone_means_its_current_context(home: Path) -> None:
    assert resolve_target(kubeconfig=touched(home / "mine")).context == ""


def test_no_kubeconfig_says_what_to_do(home: Path) -> None:
    with pytest.raises(PreconditionNotMet, match=r"reader\.kubeconfig.*make up"):
        resolve_target()


def test_a_kubeconfig_that_may_not_be_looked_at_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_self: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", closed)
    with pytest.raises(PreconditionNotMet, match=r"^cannot read the kubeconfig .*closed/config: Permission denied$"):
        resolve_target(kubeconfig=tmp_path / "closed" / "config")


def test_only_who_names_no_cluster_is_told_to_bring_one_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(PreconditionNotMet, match=r"Next: name one with --kubeconfig$"):
        resolve_target(context="prod")


def test_a_file_that_is_no_text_is_said_without_words_of_python(tmp_path: Path) -> None:
    file = tmp_path / "plant.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PreconditionNotMet, match=r"plant\.toml is not TOML: it is not UTF-8 text$"):
        Settings.load(file)
