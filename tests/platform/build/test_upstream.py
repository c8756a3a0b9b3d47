"""The projects' own images: every image that a cluster wants is pulled or built, by the versions of versions.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline_services.clients.engine import Engine
from pipeline_services.model import paths
from pipeline_services.model.paths import Cache
from pipeline_services.platform.build import offers, upstream, versions
from pipeline_services.platform.build.assembly import Assembly
from pipeline_services.platform.build.graph import COMPILE, Job
from pipeline_services.platform.build.images import PREFIX
from pipeline_services.platform.build.origin import FROM_PACKAGES, REGISTRY, Origin
from pipeline_services.platform.build.upstream import BROUGHT, BUILT, UPSTREAM
from tests.programs import program

NO_ENGINE = Engine(Path("/none"), is_podman=True, env={})
PUBLIC, LOCAL = Origin(REGISTRY), Origin(REGISTRY, "localhost:5000")


def assembly(folder: Path, chosen: Origin, engine: Engine = NO_ENGINE) -> Assembly:
    return Assembly.of(Cache(folder), versions.load(), engine, chosen)


@pytest.fixture
def podman(tmp_path: Path) -> Engine:
    """A program that notes what it is told; images it has got none, and each has the same id."""
    text = f'#!/bin/sh\necho "$*" >>{tmp_path}/told\ncase "$1" in image) echo 0123;; esac\n'
    return Engine(program(tmp_path / "podman", text), is_podman=True, env={})


def told(folder: Path) -> list[str]:
    return (folder / "told").read_text(encoding="utf-8").splitlines()


def test_every_image_that_manifests_ask_for_is_pulled_or_built() -> None:
    files = [*paths.CLUSTER_MANIFESTS.glob("*.yaml"), *(paths.REPOSITORY / "manifests" / "base").rglob("*.yaml")]
    wanted = {name for file in files for name in re.findall(rf"{PREFIX}/([a-z-]+)", file.read_text(encoding="utf-8"))}
    assert {"kafka", "metrics-server"} < wanted
    assert wanted <= set(BROUGHT)
    assert set(BROUGHT) <= {*UPSTREAM, *(recipe.name for recipe in BUILT)}
    assert not {*UPSTREAM} & {recipe.name for recipe in BUILT}, "pulled and built"


@pytest.mark.parametrize("recipe", BUILT, ids=lambda recipe: recipe.name)
def test_what_is_built_all_the_same_has_its_files(recipe: upstream.Recipe) -> None:
    text = (recipe.folder / "Dockerfile").read_text(encoding="utf-8")
    assert all(file.is_file() and str(file.relative_to(paths.REPOSITORY)) for file in recipe.source_files())
    if recipe.where:
        assert all(program in text for program in (*recipe.programs, *recipe.sources))


def test_each_has_the_version_that_is_pinned_and_a_mirror_takes_the_place_of_all_registries() -> None:
    known = versions.load().as_published()
    refs = {name: image.ref(known, PUBLIC) for name, image in UPSTREAM.items()}
    assert refs["influxdb"] == f"docker.io/library/influxdb:{versions.load().of('influxdb')}"
    assert refs["metrics-server"] == "registry.k8s.io/metrics-server/metrics-server:v0.8.0"
    assert re.fullmatch(r"docker\.io/kindest/node@sha256:[0-9a-f]{64}", refs[upstream.NODE])
    assert (
        UPSTREAM["loki"].ref(known, Origin(REGISTRY, "a.example/hub"))
        == f"a.example/hub/grafana/loki:{known.of('loki')}"
    )
    assert UPSTREAM[upstream.NODE].ref(known, LOCAL) == "localhost:5000/kindest/node:v1.34.11"


def test_the_node_is_of_the_same_line_of_kubernetes() -> None:
    built, published = versions.load(), versions.load().as_published()
    assert built.of("kubernetes").rpartition(".")[0] == published.of("kubernetes").rpartition(".")[0]
    assert built.of("kafka") == published.of("kafka")


def test_nothing_but_kind_is_compiled(tmp_path: Path, podman: Engine) -> None:
    made = assembly(tmp_path, PUBLIC, podman)
    left = made.graph.left(["cli", made.node_step, *(f"image-{name}" for name in made.loaded)])
    assert {step.name for step in left if step.lane == COMPILE} == {"kind"}
    assert {f"image-{name}" for name in UPSTREAM} <= {step.name for step in left}


def test_an_image_is_known_by_where_it_was_pulled_from(tmp_path: Path) -> None:
    refs = [assembly(tmp_path, chosen).ref("loki") for chosen in (PUBLIC, LOCAL, FROM_PACKAGES)]
    assert len(set(refs)) == 3
    assert {ref.rpartition("-")[0] for ref in refs} == {f"{PREFIX}/loki:{versions.load().of('loki')}"}
    assert assembly(tmp_path, PUBLIC).node_image().startswith(f"{PREFIX}/node-base:1.34.11-")


def test_a_pull_leaves_the_image_under_the_name_that_manifests_know(tmp_path: Path, podman: Engine) -> None:
    made = assembly(tmp_path, LOCAL, podman)
    assert not made.graph.is_done("image-loki")
    step = made.graph.steps["image-loki"]
    step.run(Job(step.name, made.graph.key(step.name), {}, tmp_path / "log", tmp_path))
    ref = f"localhost:5000/grafana/loki:{versions.load().of('loki')}"
    assert told(tmp_path)[-3:] == [
        f"pull --quiet --tls-verify=false {ref}",
        f"tag {ref} {made.ref('loki')}",
        f"rmi {ref}",
    ]
    assert made.graph.is_done("image-loki")


def test_kubectl_is_the_nodes_own(tmp_path: Path, podman: Engine) -> None:
    made = assembly(tmp_path, PUBLIC, podman)
    step = made.graph.steps["cli"]
    inputs = {need: made.graph.key(need) for need in step.needs}
    compiled = made.workshop.output("kind", inputs["kind"])
    compiled.mkdir(parents=True)
    (compiled / "kind").touch()
    step.run(Job(step.name, made.graph.key("cli"), inputs, tmp_path / "log", tmp_path))
    [line] = [line for line in told(tmp_path) if line.startswith("run ")]
    assert line.endswith(f":/out --entrypoint cp {made.node_image()} --dereference /usr/bin/kubectl /out/kubectl")


def test_the_monthly_review_pulls_again_and_compares(tmp_path: Path, podman: Engine) -> None:
    made = assembly(tmp_path, PUBLIC, podman)
    assert offers._updates(made, "kafka") == []
    ref = f"docker.io/apache/kafka:{versions.load().of('kafka')}"
    assert f"image inspect --format {{{{.Id}}}} {made.ref(upstream.KAFKA)}" in told(tmp_path)
    assert f"pull --quiet {ref}" in told(tmp_path)
    podman.program.write_text('#!/bin/sh\ncase "$1" in image) echo "$5";; esac\n', encoding="utf-8")
    assert offers._updates(made, "kafka") == [f"{ref} was built anew"]


def test_what_has_no_image_of_its_own_is_asked_for_debians_updates(
    tmp_path: Path, podman: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "_from_apt", lambda _engine, image: [image])
    made = assembly(tmp_path, PUBLIC, podman)
    assert offers._updates(made, "apps") == [made.ref("apps")]
    built = assembly(tmp_path, FROM_PACKAGES, podman)
    assert offers._updates(built, "kafka") == [built.ref("kafka")]
