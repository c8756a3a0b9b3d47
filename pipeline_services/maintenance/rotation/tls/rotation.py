"""Rotation of InfluxDB's certificate and of the CA that its clients trust (section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from pipeline_services.clients.certificates import Certificate, shown_by
from pipeline_services.clients.kubernetes import Object, WritableCluster
from pipeline_services.clients.port_forward import LOCALHOST, PortForward
from pipeline_services.maintenance.rotation.tls import bundle
from pipeline_services.maintenance.rotation.tls.clients import TlsClients
from pipeline_services.maintenance.rotation.tls.handshake import refusal
from pipeline_services.maintenance.rotation.tls.steps import STEPS, Seen, Step, next_step
from pipeline_services.maintenance.rotation.watch import Look, nobody
from pipeline_services.maintenance.rotation.workloads import Workloads, how_it_restarts
from pipeline_services.model import roles
from pipeline_services.model.errors import (
    NoData,
    PipelineError,
    PreconditionNotMet,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from pipeline_services.model.k8s import name_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.say import Say
from pipeline_services.model.text import plural
from pipeline_services.model.waiting import wait_until
from pipeline_services.platform.deploy.secrets.store import SecretStore
from pipeline_services.platform.deploy.secrets.tls import CA, CERTIFICATE, KEY, new_certificate, server_names

TAKEN_UP_WITHIN_S: Final = 180.0
"""Seconds until the kubelet has written what a Secret holds into the files of running pods: two minutes at most."""
SERVES_WITHIN_S: Final = 60.0
VERIFIED_WITHIN_S: Final = 30.0


@dataclass(slots=True)
class TlsRotation:
    """The certificate of the profile's TLS Secret.

    Attributes:
        server: the way to InfluxDB.
        clients: who verifies it.
        look: at the clients that verify.
        trust: is told what the suite's own clients have to trust from now on, PEM.
        first: certificate and key from before, once they are known.
        trusted: what ``trust`` was told last.
    """

    cluster: WritableCluster
    pipeline: Pipeline
    server: PortForward
    workloads: Workloads
    clients: TlsClients
    say: Say
    look: Callable[[], Look] = field(default=nobody)
    trust: Callable[[str], None] = field(default=lambda _ca: None)
    first: tuple[bytes, bytes] | None = field(default=None, repr=False)
    trusted: bytes = b""
    what: str = "tls"
    steps: tuple[str, ...] = STEPS

    def next_step(self) -> Step | None:
        """As ``steps`` decides, once InfluxDB answers."""
        away = (ServiceUnreachable, UnexpectedAnswer)
        return next_step(wait_until(self.seen, within=SERVES_WITHIN_S, what="InfluxDB to answer", retry_on=away))

    def explain(self, step: str) -> str:
        restarts = ", ".join(map(how_it_restarts, self.clients.starting()))
        again = ", ".join(map(name_of, self.clients.reading_again()))
        return {
            Step.TRUST: f"a new CA beside the first one in {self.clients.secret}; a certificate of it waits there",
            Step.TAKE_UP: f"restart {restarts}; {again} read the file again",
            Step.REPLACE: f"the certificate that waits takes the place of the first one in {self.clients.secret}",
            Step.RESTART: f"restart {how_it_restarts(self.clients.influxdb())}, which reads its files when it starts",
            Step.DROP: f"the new CA alone in {self.clients.secret}",
            Step.FORGET: f"restart {restarts}; {again} read the file again",
            Step.CLEAN: f"the certificate from before out of {self.clients.secret}",
        }[Step(step)]

    def do(self, step: str) -> None:
        {
            Step.TRUST: self._trust_both,
            Step.TAKE_UP: self._take_up,
            Step.REPLACE: self._replace,
            Step.RESTART: self._restart,
            Step.DROP: self._drop,
            Step.FORGET: self._take_up,
            Step.CLEAN: self._clean,
        }[Step(step)]()

    def seen(self) -> Seen:
        """What is there now. Raises ServiceUnreachable where InfluxDB does not answer."""
        values = self._values()
        self._trust(values[CA])
        self._remember(values)
        return Seen(
            self.clients.secret,
            bundle.prints_of(values[CA]),
            Certificate.read(values[CERTIFICATE]).sha256,
            bundle.issuer(values[CERTIFICATE], values[CA]),
            self._served(values[CA]).sha256,
            bundle.NEXT[0] in values,
            bundle.waiting_issuer(values),
            bundle.FIRST[0] in values,
            tuple(self.clients.behind(values[CA])),
        )

    def _remember(self, values: bundle.Values) -> None:
        """The certificate from before is the Secret's own as long as another waits, and then is kept beside it."""
        if bundle.NEXT[0] in values:
            self.first = values[CERTIFICATE], values[KEY]
        elif bundle.FIRST[0] in values:
            self.first = values[bundle.FIRST[0]], values[bundle.FIRST[1]]

    def _served(self, ca: bytes) -> Certificate:
        name = self.pipeline.service(roles.INFLUXDB).name
        return shown_by(
            LOCALHOST, self.server.port, name=name, ca=ca.decode(), cause=lambda: self.server.failure
        ).certificate

    def _values(self) -> dict[str, bytes]:
        values = self._store().values(self.clients.secret)
        if missing := sorted({CERTIFICATE, KEY, CA} - values.keys()):
            raise PreconditionNotMet(
                f"the Secret {self.clients.secret} lacks {', '.join(missing)}", next_step="make up"
            )
        return values

    def _trust(self, ca: bytes) -> None:
        if ca != self.trusted:
            self.trusted = ca
            self.trust(ca.decode())

    def _store(self) -> SecretStore:
        return SecretStore(self.cluster, self.cluster.list("secrets"), self.pipeline)

    def _write(self, change: Callable[[bundle.Values], dict[str, bytes]]) -> None:
        store = self._store()
        values = change(store.values(self.clients.secret))
        self._trust(values[CA])
        store.write(self.clients.secret, values, "kubernetes.io/tls")

    def _trust_both(self) -> None:
        made = new_certificate(server_names(self.pipeline))
        self._write(lambda values: bundle.with_both(values, made))

    def _take_up(self) -> None:
        self.workloads.restart(one for one in self.clients.starting() if not self.workloads.is_settled(one))
        for one in self.clients.reading_again():
            self.workloads.hurry(one)
        ca = self._values()[CA]
        wait_until(
            lambda: not self.clients.with_other_files(ca),
            within=TAKEN_UP_WITHIN_S,
            what="every pod to have the CAs of the Secret in its file",
            every=1.0,
            retry_on=(PipelineError,),
        )
        for one in self.clients.reading_again():
            self.workloads.note_read_again(one)
        self._verify()

    def _replace(self) -> None:
        self._write(bundle.with_next)
        server = name_of(self.clients.influxdb())
        self._note_same_cas(one for one in self.clients.all() if name_of(one) != server)

    def _note_same_cas(self, clients: Iterable[Object]) -> None:
        """The CAs stayed as they were: for what else is in the Secret nobody has to start again."""
        for one in clients:
            self.workloads.note_read_again(one)

    def _restart(self) -> None:
        self.workloads.restart([self.clients.influxdb()])
        self._verify()

    def _drop(self) -> None:
        self._write(bundle.with_one)

    def _clean(self) -> None:
        self._write(bundle.cleaned)
        self._note_same_cas(self.clients.all())

    def _verify(self) -> None:
        """Every client verifies InfluxDB's certificate against the CAs that it has.

        Raises:
            WaitExpired: one does not.
        """
        checked = wait_until(
            lambda: self.clients.verified(self.look()),
            within=VERIFIED_WITHIN_S,
            what="clients to verify",
            every=1.0,
            retry_on=(PipelineError,),
        )
        self.say(f"verified against the CAs that each has: {', '.join(checked)}")

    def findings(self) -> list[str]:
        """In what the certificate is not as it should be after a rotation; a line each."""
        seen, ca, name = self.seen(), self._values()[CA].decode(), self.pipeline.service(roles.INFLUXDB).name
        if self.first is None:
            raise NoData("nobody knows the certificate from before, to try whether it is refused")
        values = self._values()
        why, own = refusal(*self.first, ca, name), refusal(values[CERTIFICATE], values[KEY], ca, name)
        self.say(f"a certificate of the CA from before fails the handshake: {why or 'it does not'}")
        return [
            *([] if why else ["a certificate of the CA from before is still accepted"]),
            *([f"the certificate of the Secret is refused: {own}"] if own else []),
            *([] if seen.served == seen.certificate else ["InfluxDB serves another certificate than the Secret's"]),
            *([] if len(seen.bundle) == 1 else [f"the Secret trusts {plural(len(seen.bundle), 'CA')}"]),
            *(f"{one} trusts other CAs than the Secret" for one in seen.behind),
        ]

    def foreseen(self) -> list[str]:
        """What is there, a line each, and what restarts."""
        seen = self.seen()
        behind = f"; not yet in {', '.join(seen.behind)}" if seen.behind and next_step(seen) else ""
        waits = ", a certificate waits" if seen.waiting else ""
        return [
            f"{self.clients.secret}: {plural(len(seen.bundle), 'CA')}{waits}{behind}",
            *(f"would restart {how_it_restarts(one)}, twice at most" for one in self.clients.starting()),
            f"would restart {how_it_restarts(self.clients.influxdb())}, once at most",
        ]
