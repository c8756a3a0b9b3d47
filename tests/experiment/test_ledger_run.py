"""What the command of the observing ledger ends with, and when it sends."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_services.audit.observed import Message, Observation
from pipeline_services.audit.observer import fields_of
from pipeline_services.audit.sent import Sent
from pipeline_services.experiment import ledger_run
from pipeline_services.model.errors import ServiceUnreachable
from pipeline_services.model.exit_codes import FOUND, NOT_KNOWN, PASSED
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.reading_identity import Identity
from tests.conftest import Refused

PLAIN = Pipeline.load(Path("plain"))
FIELDS = fields_of(PLAIN)
AT = 1_795_000_000 * 10**9


def message(number: int) -> Message:
    return Message(0, number, Identity(("line_1",), AT + number))


def command(monkeypatch: pytest.MonkeyPatch, found: Observation | Exception, *words: str) -> int:
    def answer(*_: object) -> Observation:
        if isinstance(found, Exception):
            raise found
        return found

    cluster = SimpleNamespace(connect=lambda _target: nullcontext())
    observer = SimpleNamespace(observe=answer)
    monkeypatch.setattr(ledger_run, "Observer", lambda *_: nullcontext(observer))
    monkeypatch.setattr(ledger_run, "Cluster", cluster)
    monkeypatch.setattr(ledger_run, "closing", lambda one: one)
    monkeypatch.setattr(ledger_run, "resolve_target", lambda *_: None)
    return ledger_run.main(["--pipeline", "plain", *words])


def seen(stored: int, of: int = 3, unidentified: int = 0) -> Observation:
    messages = [message(number) for number in range(of)]
    counts = Counter(one.identity for one in messages[:stored])
    return Observation(messages, unidentified, {0: 0}, {0: 0}, {0: of}, counts, AT + 1000)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (seen(3), PASSED),
        (seen(2), FOUND),
        (seen(3, unidentified=1), NOT_KNOWN),
        (seen(0, 0), NOT_KNOWN),
        (ServiceUnreachable("Kafka does not answer"), NOT_KNOWN),
    ],
)
def test_the_exit_code_says_what_is_known(found: Any, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(monkeypatch, found) == code


def test_all_that_is_lost_is_written_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lost.json"
    assert command(monkeypatch, seen(1), "--out", str(file)) == FOUND
    assert file.read_text().count('"why"') == 2


def test_a_pipeline_with_numbered_messages_is_refused(refused: Refused) -> None:
    assert "has no [message]" in refused(ledger_run.main, [])


@pytest.mark.parametrize("count", ["0", "-1", "many", "10001"])
def test_how_many_are_sent_is_a_number(count: str, refused: Refused) -> None:
    assert "is no number from 1 to 10000" in refused(ledger_run.main, ["--pipeline", "plain", "--send", count])


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_how_far_it_looks_back_is_a_number(minutes: str, refused: Refused) -> None:
    assert "is not a number above 0" in refused(ledger_run.main, ["--pipeline", "plain", f"--minutes={minutes}"])


def test_nothing_is_sent_without_consent(tmp_path: Path, refused: Refused) -> None:
    theirs = tmp_path / "kubeconfig"
    theirs.write_text("{apiVersion: v1, kind: Config}")
    said = refused(ledger_run.main, ["--pipeline", "plain", "--send", "5", "--kubeconfig", str(theirs)])
    assert "--allow-chaos CONTEXT if that is really meant" in said


def sending(monkeypatch: pytest.MonkeyPatch, stored: int) -> int:
    messages = [message(number) for number in range(3)]
    observation = Observation(
        messages, 0, {0: 0}, {0: 0}, {0: 3}, Counter(one.identity for one in messages[:stored]), AT + 1000
    )
    observer = SimpleNamespace(
        kafka=lambda: 9092,
        fields=FIELDS,
        offsets=lambda: SimpleNamespace(end={0: 3}),
        settled=lambda _since, _end: observation,
    )
    monkeypatch.setattr(ledger_run, "authorize_target", lambda *_: None)
    monkeypatch.setattr(ledger_run, "consented", lambda *_: nullcontext((None, None)))
    monkeypatch.setattr(ledger_run, "Observer", lambda *_: nullcontext(observer))
    monkeypatch.setattr(ledger_run, "send", lambda *_: [Sent(one.identity) for one in messages])
    return ledger_run.main(["--pipeline", "plain", "--send", "3"])


def test_what_was_sent_is_accounted_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert sending(monkeypatch, stored=3) == PASSED
    assert "the audit's messages: 3 sent, 3 acknowledged, 3 in the topic, 3 stored, lost 0" in capsys.readouterr().out
    assert sending(monkeypatch, stored=2) == FOUND
