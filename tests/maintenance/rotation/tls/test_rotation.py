"""The certificate is rotated, whenever the run is killed; at no moment is there a client that cannot verify."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from pipeline_services.clients.certificates import Certificate, Shown
from pipeline_services.maintenance.rotation.steps import ahead, carry_out
from pipeline_services.maintenance.rotation.tls import bundle
from pipeline_services.maintenance.rotation.tls import clients as tls_clients
from pipeline_services.maintenance.rotation.tls import rotation as tls
from pipeline_services.maintenance.rotation.tls.clients import TlsClients
from pipeline_services.maintenance.rotation.tls.handshake import refusal
from pipeline_services.maintenance.rotation.tls.rotation import TlsRotation
from pipeline_services.maintenance.rotation.tls.steps import STEPS, Step
from pipeline_services.maintenance.rotation.watch import Look
from pipeline_services.maintenance.rotation.workloads import Workloads, files_of
from pipeline_services.measure.samples import SourceSample
from pipeline_services.model.errors import NoData, PreconditionNotMet, ServiceUnreachable, UnexpectedAnswer
from pipeline_services.model.waiting import WaitExpired
from pipeline_services.platform.deploy import rollout
from pipeline_services.platform.deploy.secrets.tls import CA, CERTIFICATE, KEY, flaw, new_certificate
from tests.maintenance.rotation.tls.world import FOLDER, NAMES, SECRET, SERVER, TlsWorld, mounting
from tests.maintenance.rotation.world import PIPELINE, Killed

Start = Callable[["TlsWorld"], TlsRotation]
said: list[str] = []


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """A run as if it were the first that is ever made."""
    said.clear()
    for limit in ("TAKEN_UP_WITHIN_S", "VERIFIED_WITHIN_S", "SERVES_WITHIN_S"):
        monkeypatch.setattr(tls, limit, 0.0)

    def started(world: TlsWorld) -> TlsRotation:
        api: Any = world
        monkeypatch.setattr(tls_clients, "output_of", world.run)
        monkeypatch.setattr(tls, "shown_by", lambda *_, **__: Shown(Certificate.read(world.served), True, ""))
        workloads, server = Workloads(api, said.append), Way()
        clients = TlsClients(api, PIPELINE, workloads)
        look = Look({"processor-1": 0.0}, {"grafana-1": SourceSample(0, 0, works=True)})
        return TlsRotation(api, PIPELINE, server, workloads, clients, said.append, lambda: look)  # type: ignore[arg-type]

    return started


class Way:
    port = 0
    failure = None


def rotated(world: TlsWorld, first: Mapping[str, bytes]) -> None:
    """Another certificate of another CA is served, which all clients trust, and no other one."""
    values = world.values
    assert values.keys() == {CERTIFICATE, KEY, CA}
    assert flaw(values, NAMES) is None
    assert world.served == values[CERTIFICATE] != first[CERTIFICATE]
    assert len(bundle.prints_of(values[CA])) == 1
    assert set(world.loaded.values()) == {values[CA]}
    assert values[CA] != first[CA]
    assert world.refused == []
    assert refusal(first[CERTIFICATE], first[KEY], values[CA].decode(), NAMES[0])


def restarts_of(world: TlsWorld) -> list[str]:
    return [change.removeprefix("restarted ") for change in world.changes if change.startswith("restarted ")]


def test_all_steps_are_done_and_told(start: Start) -> None:
    world = TlsWorld.made()
    first, trusted = world.values, list[str]()
    rotation = start(world)
    rotation.trust = trusted.append
    assert carry_out(rotation, said.append) == list(STEPS)
    rotated(world, first)
    assert sorted(restarts_of(world)) == ["grafana", "grafana", "influxdb", "processor", "processor"]
    assert rotation.next_step() is None
    assert rotation.findings() == []
    assert [text.count("BEGIN") for text in trusted] == [1, 2, 1]
    assert said[-1].startswith("a certificate of the CA from before fails the handshake: ")
    assert sum(line.startswith("verified against the CAs that each has: ") for line in said) == 3
    assert not any("PRIVATE" in line for line in said)


def test_a_deploy_after_it_restarts_nothing(start: Start) -> None:
    world = TlsWorld.made()
    carry_out(start(world), said.append)
    api: Any = world
    workloads = Workloads(api, said.append)
    there = [*world.list("Deployment"), *world.list("StatefulSet")]
    assert [workloads.is_settled(item) for item in there] == [True] * 4


def changes_of_a_run(start: Start) -> int:
    world = TlsWorld.made()
    carry_out(start(world), said.append)
    return len(world.changes)


def test_a_killed_run_is_gone_on_with_and_every_client_always_verifies(start: Start) -> None:
    for changes in range(1, changes_of_a_run(start)):
        world = TlsWorld.made()
        first, world.kill_before = world.values, changes
        with pytest.raises(Killed):
            carry_out(start(world), said.append)
        world.kill_before = None
        said.clear()
        rotation = start(world)
        under_way = rotation.next_step() is not None
        assert flaw(world.values, NAMES) is None, changes
        if under_way:
            done = carry_out(rotation, said.append)
            assert done == [step for step in STEPS if step in done]
            assert done[-1] == Step.CLEAN
            assert rotation.findings() == []
            assert "under way" in said[0]
        else:
            assert restarts_of(world).count("influxdb") == 1
        rotated(world, first)


def test_a_certificate_that_waits_and_does_not_fit_is_made_anew(start: Start) -> None:
    world = TlsWorld.made()
    world.kill_before = 1
    with pytest.raises(Killed):
        carry_out(start(world), said.append)
    world.kill_before, first = None, world.values
    other = new_certificate(NAMES)
    world._store_secret(SECRET, {**first, bundle.NEXT[1]: other[KEY]})
    assert start(world).next_step() == Step.TRUST
    assert carry_out(start(world), said.append) == list(STEPS)
    rotated(world, first)


def test_a_pod_whose_file_stays_is_waited_for(start: Start) -> None:
    world = TlsWorld.made()
    world.syncs = False
    with pytest.raises(WaitExpired, match="every pod to have the CAs"):
        carry_out(start(world), said.append)
    assert world.served == TlsWorld.made().served or world.refused == []
    assert start(world).next_step() == Step.TAKE_UP


def test_a_client_that_does_not_verify_stops_it(start: Start) -> None:
    world = TlsWorld.made()
    rotation = start(world)
    rotation.look = lambda: Look({}, {"grafana-1": SourceSample(0, 0, message="x509: unknown authority")})
    with pytest.raises(WaitExpired, match="x509: unknown authority"):
        carry_out(rotation, said.append)
    assert CERTIFICATE in world.values
    assert "restarted influxdb" not in world.changes


def test_a_rollout_that_does_not_end_is_an_error(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    world = TlsWorld.made()
    world.rolls_out = False
    monkeypatch.setattr(rollout, "wait_for", partial(rollout.wait_for, within=0.0))
    with pytest.raises(rollout.RolloutFailed):
        carry_out(start(world), said.append)


def test_a_dry_run_names_what_restarts_and_changes_nothing(start: Start) -> None:
    world = TlsWorld.made()
    rotation = start(world)
    lines = rotation.foreseen()
    assert lines[0] == f"{SECRET}: 1 CA"
    assert [line.rpartition(", ")[2] for line in lines[1:]] == ["twice at most", "twice at most", "once at most"]
    assert ahead(rotation, rotation.next_step()) == list(STEPS)
    assert world.changes == []


def test_what_is_not_right_after_it_is_found(start: Start) -> None:
    world = TlsWorld.made()
    first, rotation = world.values, start(world)
    carry_out(rotation, said.append)
    assert rotation.findings() == []
    pod = world.pods["prometheus"][0]["metadata"]["name"]
    world.files[pod] = first
    world._store_secret(SECRET, {**world.values, CA: world.values[CA] + first[CA]})
    world.served = first[CERTIFICATE]
    lines = rotation.findings()
    assert "a certificate of the CA from before is still accepted" in lines
    assert "InfluxDB serves another certificate than the Secret's" in lines
    assert "the Secret trusts 2 CAs" in lines
    assert f"{pod} trusts other CAs than the Secret" in lines


def test_without_the_certificate_from_before_nothing_is_proved(start: Start) -> None:
    with pytest.raises(NoData, match="certificate from before"):
        start(TlsWorld.made()).findings()


def test_a_secret_that_lacks_a_key_is_refused(start: Start) -> None:
    world = TlsWorld.made()
    world._store_secret(SECRET, {CERTIFICATE: world.values[CERTIFICATE]})
    with pytest.raises(PreconditionNotMet, match=r"lacks ca.crt, tls.key") as caught:
        carry_out(start(world), said.append)
    assert caught.value.next_step == "make up"


def test_without_a_client_nothing_is_verified(start: Start) -> None:
    world = TlsWorld.made()
    rotation = start(world)
    world.pods.clear()
    with pytest.raises(ServiceUnreachable, match="there is no client"):
        rotation.clients.verified(Look({}, {}))


def test_the_files_of_a_secret() -> None:
    pod = mounting("processor")["spec"]["template"]
    assert list(files_of(pod, SECRET, CA)) == [("processor", f"{FOLDER}/{CA}")]
    assert list(files_of(pod, SECRET, KEY)) == []
    assert list(files_of(mounting(SERVER)["spec"]["template"], SECRET, KEY)) == [(SERVER, f"{FOLDER}/{KEY}")]
    assert list(files_of(pod, "another", CA)) == []


def test_a_handshake_tells_who_is_refused() -> None:
    one, other = new_certificate(NAMES), new_certificate(NAMES)
    both = (one[CA] + other[CA]).decode()
    assert refusal(one[CERTIFICATE], one[KEY], one[CA].decode(), NAMES[0]) == ""
    assert refusal(one[CERTIFICATE], one[KEY], both, NAMES[0]) == ""
    assert refusal(other[CERTIFICATE], other[KEY], both, NAMES[0]) == ""
    assert refusal(one[CERTIFICATE], one[KEY], other[CA].decode(), NAMES[0])
    assert "example.org" in refusal(one[CERTIFICATE], one[KEY], one[CA].decode(), "example.org")
    with pytest.raises(UnexpectedAnswer):
        refusal(one[CERTIFICATE], other[KEY], one[CA].decode(), NAMES[0])
    with pytest.raises(UnexpectedAnswer):
        refusal(one[CERTIFICATE], one[KEY], "no certificate", NAMES[0])


def test_what_is_no_certificate_is_told() -> None:
    with pytest.raises(UnexpectedAnswer):
        bundle.prints_of(b"nothing")
    assert bundle.waiting_issuer({CA: new_certificate(NAMES)[CA], bundle.NEXT[0]: b"x", bundle.NEXT[1]: b"y"}) == ""
