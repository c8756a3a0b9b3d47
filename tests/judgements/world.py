"""A healthy pipeline made by hand, as the collector would have seen it; mutable, so that a test can break it."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pipeline_services.model import own_cluster
from pipeline_services.model.errors import PipelineError
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.text import rfc3339
from pipeline_services.snapshot.snapshot import Failure, Snapshot
from tests.judgements.answers import cluster, practice, reviews, services

NOW = 1_795_000_000.0


@dataclass(slots=True)
class World:
    """The answers of all sources, to be changed at will before ``snapshot`` is called."""

    answers: dict[str, Any]
    failures: dict[str, Failure] = field(default_factory=dict)
    now: float = NOW
    pipeline: Pipeline = field(default_factory=Pipeline.load)

    def snapshot(self) -> Snapshot:
        seen = (dict(self.answers), dict(self.failures))
        return Snapshot(self.now, own_cluster.CONTEXT, self.pipeline.namespace, *seen, self.pipeline)

    def item(self, source: str, name: str) -> dict[str, Any]:
        """The object of that name in the list ``source``."""
        return next(item for item in self.answers[source] if item["metadata"]["name"] == name)

    def workload(self, component: str) -> dict[str, Any]:
        """The Deployment, StatefulSet or DaemonSet of a component."""
        part = self.pipeline[component]
        return self.item(part.list_name, part.workload)

    def pods(self, component: str) -> list[dict[str, Any]]:
        """The pods of a component's workload."""
        return [pod for pod in self.answers["pods"] if self.pipeline[component].owns(pod)]

    def drop_pods(self, component: str) -> None:
        """Remove them."""
        self.drop("pods", self.pipeline[component].owns)

    def drop(self, source: str, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Remove from the list ``source`` what is ``wanted``."""
        self.answers[source] = [item for item in self.answers[source] if not wanted(item)]

    def fail(self, source: str, error: PipelineError) -> None:
        """Let a source be unreadable; a name that ends in ``/`` means all that begin with it."""
        for known in [
            name for name in self.answers if name == source or (source[-1] == "/" and name.startswith(source))
        ]:
            del self.answers[known]
            self.failures[known] = Failure.of(error)

    def declare(self) -> None:
        """Let the manifests declare just what is there now."""
        self.answers["declared"] = cluster.declared(self.answers)

    def ago(self, seconds: float) -> str:
        """The time so many seconds before now."""
        return rfc3339(self.now - seconds)


def healthy(*, age: float = 3_600.0, pipeline: Pipeline | None = None) -> World:
    """A pipeline that does its job and was started ``age`` seconds ago; by default the suite's own."""
    described = pipeline or Pipeline.load()
    return World(marshal.loads(_packed(age, described)), pipeline=described)


@lru_cache(maxsize=8)
def _packed(age: float, pipeline: Pipeline) -> bytes:
    """The answers of a healthy pipeline, packed: thousands of tests unpack them, each for itself."""
    answers = {**cluster.lists(NOW, age, pipeline), **services.answers(NOW, pipeline)}
    return marshal.dumps(answers | {"declared": cluster.declared(answers)})


def reviewed(*, age: float = 3_600.0, pipeline: Pipeline | None = None) -> World:
    """The same, with what the weekly and monthly reviews look at beside it: all went well for twelve hours."""
    described = pipeline or Pipeline.load()
    return World(marshal.loads(_packed_reviewed(age, described)), pipeline=described)


@lru_cache(maxsize=8)
def _packed_reviewed(age: float, pipeline: Pipeline) -> bytes:
    world = healthy(age=age, pipeline=pipeline)
    world.answers |= reviews.answers(world.now, world.pipeline)
    for claim in world.answers["pvcs"]:
        claim["metadata"].setdefault("annotations", {}).update(reviews.notes(world.now))
    for hpa in world.pipeline.autoscalers:
        world.item("hpas", hpa)["status"]["lastScaleTime"] = world.ago(86_400)
    return marshal.dumps(world.answers)


def practised(*, pipeline: Pipeline | None = None) -> World:
    """The same, set up as good practice has it."""
    described = pipeline or Pipeline.load()
    return World(marshal.loads(_packed_practised(described)), pipeline=described)


@lru_cache(maxsize=8)
def _packed_practised(pipeline: Pipeline) -> bytes:
    world = healthy(pipeline=pipeline)
    practice.improve(world.answers, world.pipeline)
    return marshal.dumps(world.answers)
