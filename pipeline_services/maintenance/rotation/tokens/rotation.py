"""Rotation of the tokens with which the pipeline writes to InfluxDB and reads from it (section 5)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline_services.clients.kubernetes import Object, WritableCluster
from pipeline_services.clients.pod_exec import output_of
from pipeline_services.maintenance.influxdb.contents import Json
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.maintenance.rotation.tokens.influx import accept, delete, for_the_same, make_like, token_of
from pipeline_services.maintenance.rotation.tokens.steps import STEPS, Place, Step, Token, next_step, require_known
from pipeline_services.maintenance.rotation.watch import WATCHED_S, Look, all_working, dropped_out, nobody
from pipeline_services.maintenance.rotation.workloads import Workloads, environment_in, how_it_restarts, variables_of
from pipeline_services.model.configuration import SecretKey
from pipeline_services.model.errors import PipelineError, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.k8s import is_terminating, name_of, secret_text
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.text import plural
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.deploy.secrets.store import SecretStore

SEEN_WITHIN_S: Final = 30.0
GONE_WITHIN_S: Final = 60.0
"""Seconds in which pods that were replaced are gone."""
ENVIRONMENT: Final = ("cat", "/proc/1/environ")
"""What the first process of a container was started with."""


class ClientsDroppedOut(UnexpectedAnswer):
    """Somebody still used the token from before, which is accepted again."""


@dataclass(slots=True)
class TokenRotation:
    """The tokens of the profile's Secrets, of which InfluxDB makes a second one each.

    Attributes:
        influxdb: asked with the operator's token, which is none of these.
        look: at the clients that hold the tokens.
        retired: the text of each token that went, by the place it was in; in no message.
    """

    cluster: WritableCluster
    pipeline: Pipeline
    influxdb: InfluxServer
    workloads: Workloads
    say: Say
    look: Callable[[], Look] = field(default=nobody)
    retired: dict[str, str] = field(default_factory=dict, repr=False)
    watched: bool = False
    what: str = "tokens"
    steps: tuple[str, ...] = STEPS

    def next_step(self) -> Step | None:
        """As ``steps`` decides, once every pod says what it was started with."""
        away = (ServiceUnreachable, UnexpectedAnswer)
        return next_step(wait_until(self.places, within=SEEN_WITHIN_S, what="the pods to be seen", retry_on=away))

    def explain(self, step: str) -> str:
        names = ", ".join(map(_named, self.keys))
        return {
            Step.MAKE: f"a second token beside that of {names}",
            Step.HAND_OUT: f"the second one into {names}",
            Step.TAKE_UP: f"restart {', '.join(map(how_it_restarts, self._readers()))}",
            Step.DEACTIVATE: f"InfluxDB refuses the first ones; watch for {WATCHED_S:g} s who drops out",
            Step.DELETE: "delete the first ones",
        }[Step(step)]

    def do(self, step: str) -> None:
        {
            Step.MAKE: self._make,
            Step.HAND_OUT: self._hand_out,
            Step.TAKE_UP: self._take_up,
            Step.DEACTIVATE: self._deactivate,
            Step.DELETE: self._delete,
        }[Step(step)]()

    @property
    def keys(self) -> list[SecretKey]:
        return list(self.pipeline.config.tokens.values())

    def places(self) -> list[Place]:
        """What is there now. Raises PipelineError where InfluxDB or a pod does not answer."""
        known, secrets = self.influxdb.tokens(), self.cluster.list("secrets")
        places = [self._place(key, known, secrets) for key in self.keys]
        return [replace(place, behind=self._behind(key, secrets)) for key, place in zip(self.keys, places, strict=True)]

    def _place(self, key: SecretKey, known: Sequence[Json], secrets: list[Object]) -> Place:
        """Without the pods that are behind."""
        text = secret_text(secrets, key)
        held = next((one for one in known if one.get("token") == text), None)
        if held is None:
            return Place(_named(key), "", ())
        same = for_the_same(held, known)
        self.retired |= {str(one["id"]): str(one["token"]) for one in same}
        return Place(_named(key), str(held["id"]), tuple(map(token_of, same)))

    def _behind(self, key: SecretKey, secrets: list[Object]) -> tuple[str, ...]:
        """The pods whose process was started with another value, those on their way out included."""
        text = secret_text(secrets, key)
        readers = self.workloads.reading([key.secret])
        pods = [pod for workload in readers for pod in self.workloads.running_pods(workload)]
        return tuple(name_of(pod) for pod in pods if not self._has(pod, key, text))

    def _has(self, pod: Object, key: SecretKey, text: str) -> bool:
        return all(
            environment_in(output_of(self.cluster, name_of(pod), container, ENVIRONMENT)).get(variable) == text
            for container, variable in variables_of(pod, key.secret, key.key)
        )

    def _readers(self) -> list[Object]:
        return self.workloads.reading(key.secret for key in self.keys)

    def _make(self) -> None:
        known, secrets = self.influxdb.tokens(), self.cluster.list("secrets")
        for key in self.keys:
            place = self._place(key, known, secrets)
            require_known(place)
            if place.is_alone:
                make_like(self.influxdb, next(one for one in known if str(one["id"]) == place.held))

    def _hand_out(self) -> None:
        known, secrets = self.influxdb.tokens(), self.cluster.list("secrets")
        store = SecretStore(self.cluster, secrets, self.pipeline)
        for key in self.keys:
            place = self._place(key, known, secrets)
            if place.is_handed_out or place.newest is None:
                continue
            text = next(str(one["token"]) for one in known if str(one["id"]) == place.newest.id)
            store.write(key.secret, {**store.values(key.secret), key.key: text.encode()})

    def _take_up(self) -> None:
        behind = {pod for place in self.places() for pod in place.behind}
        self.workloads.restart(one for one in self._readers() if self._needs_restart(one, behind))
        wait_until(
            lambda: not any(place.behind for place in self.places()),
            within=GONE_WITHIN_S,
            what="the pods with the token from before to be gone",
            every=1.0,
            retry_on=(PipelineError,),
        )

    def _needs_restart(self, workload: Object, behind: set[str]) -> bool:
        """Pods that are on their way out need no other restart."""
        standing = [name_of(pod) for pod in self.workloads.running_pods(workload) if not is_terminating(pod)]
        return not self.workloads.is_settled(workload) or not behind.isdisjoint(standing)

    def _deactivate(self) -> None:
        old, before = self._old(), self.look()
        for one in old:
            if one.active:
                accept(self.influxdb, one.id, active=False)
        self._watch(before, old)

    def _delete(self) -> None:
        old = self._old()
        if not self.watched:  # the run that had them refused is gone, and with it how the clients were before
            self._watch(all_working(self.look()), old)
        for one in old:
            delete(self.influxdb, one.id)

    def _old(self) -> list[Token]:
        known, secrets = self.influxdb.tokens(), self.cluster.list("secrets")
        return [other for key in self.keys for other in self._place(key, known, secrets).others]

    def _watch(self, before: Look, old: Iterable[Token]) -> None:
        """Raises ClientsDroppedOut, once the tokens are accepted again."""
        until = time.monotonic() + WATCHED_S
        lines = wait_until(
            lambda: dropped_out(before, self.look()) or (["nobody"] if time.monotonic() > until else []),
            within=2 * WATCHED_S,
            what="clients that drop out",
            every=1.0,
        )
        if lines != ["nobody"]:
            for one in old:
                accept(self.influxdb, one.id, active=True)
            raise ClientsDroppedOut(
                f"the token from before is still used, and accepted again: {'; '.join(lines)}",
                next_step="restart these pods, then run the same command: it continues",
            )
        self.watched = True
        self.say(f"no client lost access within {WATCHED_S:g} s")

    def findings(self) -> list[str]:
        """In what the tokens are not as they should be after a rotation; a line each."""
        places, known = self.places(), {str(one["id"]) for one in self.influxdb.tokens()}
        gone = {one: text for one, text in self.retired.items() if one not in known}
        accepted = [one for one, text in gone.items() if self.influxdb.login(text).status != 401]
        self.say(f"{plural(len(gone) - len(accepted), 'token')} from before answered with 401")
        return [
            *(f"the deleted token {one} is not answered with 401" for one in accepted),
            *(
                f"{place.name}: {plural(len(place.tokens), 'token')} in place of one"
                for place in places
                if place.others
            ),
            *(f"{pod} has a token from before" for place in places for pod in place.behind),
        ]

    def foreseen(self) -> list[str]:
        """What is there, a line each, and what restarts."""
        return [*map(_described, self.places()), *(f"would restart {how_it_restarts(one)}" for one in self._readers())]


def _named(key: SecretKey) -> str:
    return f"{key.secret}/{key.key}"


def _described(place: Place) -> str:
    accepted = sum(one.active for one in place.tokens)
    behind = f"; not yet in {', '.join(place.behind)}" if place.behind else ""
    return f"{place.name}: {plural(len(place.tokens), 'token')}, {accepted} accepted{behind}"
