"""Notifications against a receiver on this machine: up, down, slow, refusing; what nobody takes was not sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline_services.cli.nightly import outbox
from pipeline_services.cli.nightly.notices import Mailbox, Problem, with_news
from pipeline_services.clients.notifications import Receiver
from pipeline_services.model.errors import PreconditionNotMet, UnexpectedAnswer
from tests.cli.nightly.receiver import LocalReceiver, listening

BROKEN = {"a": Problem("it is wrong", 0.0)}


def run(reports: Path, addresses: str, *, broken: bool) -> list[str]:
    """The end of a night on which check ``a`` fails, or passes."""
    wrong, right = (BROKEN, set()) if broken else ({}, {"a"})
    receivers = Receiver.of(addresses)
    lost = outbox.queue(reports, receivers, lambda box: with_news(box, wrong, right, "/r"))
    return [*lost, *outbox.send(reports, receivers)]


def titles(receiver: LocalReceiver) -> list[str]:
    return [title.partition(":")[0] for title in receiver.titles]


def test_one_notification_for_two_nights_and_one_when_it_is_over(tmp_path: Path) -> None:
    with listening() as receiver:
        said = [run(tmp_path, receiver.address, broken=broken) for broken in (True, True, False, False)]
    assert titles(receiver) == ["FAILED", "RESOLVED"]
    name = f"json://user:****@127.0.0.1:{receiver.port}/"
    assert said == [[f"notified {name}: {plural}"] for plural in ("1 message", "0 messages", "1 message", "0 messages")]


@pytest.mark.parametrize("trouble", ["refusing", "slow"])
def test_what_was_not_taken_arrives_after_the_next_run(tmp_path: Path, trouble: str) -> None:
    with listening() as receiver:
        if trouble == "refusing":
            receiver.status = 503
        else:
            receiver.held.clear()
        [said] = run(tmp_path, receiver.address, broken=True)
        assert said.startswith("NOT DELIVERED: 1 message for json://user:****@")
        receiver.status = 200
        receiver.held.set()
        [said] = run(tmp_path, receiver.address, broken=True)
        assert said.startswith("notified ")
        assert set(titles(receiver)) == {"FAILED"}  # the slow one may have taken the first as well


def test_a_receiver_that_was_down_gets_both_in_their_order(tmp_path: Path) -> None:
    with listening() as receiver:
        port, address = receiver.port, receiver.address
    assert run(tmp_path, address, broken=True)[0].startswith("NOT DELIVERED: 1 message")
    assert run(tmp_path, address, broken=False)[0].startswith("NOT DELIVERED: 2 messages")
    with listening(port) as receiver:
        run(tmp_path, address, broken=False)
    assert titles(receiver) == ["FAILED", "RESOLVED"]
    assert outbox.read(tmp_path) == {Receiver.of(address)[0].id: Mailbox()}


def test_one_that_is_down_keeps_nothing_from_the_other(tmp_path: Path) -> None:
    with listening() as gone:
        down = gone.address
    with listening() as receiver:
        said = run(tmp_path, f"{down} {receiver.address}", broken=True)
        run(tmp_path, f"{down} {receiver.address}", broken=False)
    assert titles(receiver) == ["FAILED", "RESOLVED"]
    assert [line.partition(":")[0].split()[0] for line in said] == ["NOT", "notified"]


def test_who_comes_later_hears_of_what_still_fails_and_of_nothing_else(tmp_path: Path) -> None:
    with listening() as first, listening() as second:
        run(tmp_path, first.address, broken=True)
        run(tmp_path, f"{first.address} {second.address}", broken=True)
        with listening() as third:
            run(tmp_path, f"{first.address} {second.address} {third.address}", broken=False)
    assert titles(second) == ["FAILED", "RESOLVED"]
    assert titles(third) == []


def test_what_waits_for_an_address_that_was_mistyped_does_not_wait_for_ever(tmp_path: Path) -> None:
    with listening() as gone:
        mistyped = gone.address
    run(tmp_path, mistyped, broken=True)
    with listening() as receiver:
        lost, told = run(tmp_path, receiver.address, broken=True)
        assert lost == "NOT SENT ANY MORE: 1 message for who is no receiver now"
        assert told.startswith("notified ")
        assert list(outbox.read(tmp_path)) == [Receiver.of(receiver.address)[0].id]
    assert titles(receiver) == ["FAILED"]


def test_a_run_that_tells_nobody_forgets_nobody(tmp_path: Path) -> None:
    with listening() as gone:
        down = gone.address
    run(tmp_path, down, broken=True)
    before = outbox.read(tmp_path)
    assert run(tmp_path, "", broken=True) == []
    assert outbox.read(tmp_path) == before


def test_a_message_is_kept_until_it_was_delivered_whatever_ends_the_run(tmp_path: Path) -> None:
    class Killed:
        id = name = "x"

        def send(self, title: str, body: str) -> bool:
            raise KeyboardInterrupt

    outbox.queue(tmp_path, [Killed()], lambda box: with_news(box, BROKEN, (), "/r"))
    with pytest.raises(KeyboardInterrupt):
        outbox.send(tmp_path, [Killed()])
    assert [one.title for one in outbox.read(tmp_path)["x"].queue] == ["FAILED: 1 new problem in the nightly run"]
    assert outbox.read(tmp_path)["x"].told == {}


def test_each_message_is_sent_whole_the_oldest_first(tmp_path: Path) -> None:
    class Taking:
        id = name = "x"
        sent: ClassVar[list[tuple[str, str]]] = []

        def send(self, title: str, body: str) -> bool:
            self.sent.append((title, body))
            return True

    box = with_news(with_news(Mailbox(), BROKEN, (), "/r"), {}, {"a"}, "/r")
    outbox.write(tmp_path, {"x": box})
    assert outbox.send(tmp_path, [Taking()]) == ["notified x: 2 messages"]
    assert Taking.sent == [(one.title, one.body) for one in box.queue]


def test_nobody_to_tell_is_no_delivery(tmp_path: Path) -> None:
    assert run(tmp_path, "", broken=True) == []
    assert outbox.read(tmp_path) == {}


def test_an_answer_of_nobody_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    [receiver] = Receiver.of("json://127.0.0.1/")
    for answer in (None, False):
        monkeypatch.setattr("apprise.Apprise.notify", lambda *_args, _answer=answer, **_kwargs: _answer)
        assert receiver.send("t", "b") is False


def test_an_address_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(PreconditionNotMet, match=r"^address 2 of 2 is not an address that can be notified") as caught:
        Receiver.of("json://127.0.0.1/ nonsense:secret")
    assert "secret" not in str(caught.value)


def test_no_address_is_in_the_file(tmp_path: Path) -> None:
    with listening() as receiver:
        run(tmp_path, receiver.address, broken=True)
    file = tmp_path / outbox.FILE
    assert "secret" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[]", '{"x": {}}', '{"x": {"told": {}, "queue": [{"odd": 1}]}}'])
def test_an_outbox_that_cannot_be_read_is_not_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / outbox.FILE).write_text(text)
    with pytest.raises(UnexpectedAnswer, match="is no outbox"):
        outbox.queue(tmp_path, Receiver.of("json://127.0.0.1/"), lambda box: box)
    assert (tmp_path / outbox.FILE).read_text() == text


def test_the_file_gives_back_what_was_put_in(tmp_path: Path) -> None:
    box = with_news(Mailbox({"b": 1.0}), BROKEN, {"b"}, "/r")
    outbox.write(tmp_path, {"x": box})
    assert outbox.read(tmp_path) == {"x": box}
    assert json.loads((tmp_path / outbox.FILE).read_text())["x"]["told"] == {"b": 1.0}
