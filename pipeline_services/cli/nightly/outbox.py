"""What each receiver was told and what it is still to be told, in a file; it moves on only with what was delivered.

A run that is killed between a delivery and the next line of the file sends that message twice: rather twice than never.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from pipeline_services.cli.nightly.notices import Mailbox
from pipeline_services.model.atomic import write_json
from pipeline_services.model.errors import UnexpectedAnswer
from pipeline_services.model.text import plural

FILE: Final = "outbox.json"
_MODE: Final = 0o600


class Receiver(Protocol):
    """Somebody to be told; ``id`` tells it from others, ``name`` is for people."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    def send(self, title: str, body: str) -> bool: ...


def read(reports: Path) -> dict[str, Mailbox]:
    """The mailboxes by receiver.

    Raises:
        UnexpectedAnswer: the file cannot be read; it is not overwritten, since it may have messages that nobody got.
    """
    file = reports / FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return {receiver: Mailbox.of(box) for receiver, box in document.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnexpectedAnswer(f"{file} is no outbox ({error})", next_step=f"move {file} away") from error


def write(reports: Path, boxes: Mapping[str, Mailbox]) -> None:
    """Put the mailboxes on disk."""
    write_json(reports / FILE, {receiver: box.document() for receiver, box in boxes.items()}, _MODE)


def queue(reports: Path, receivers: Sequence[Receiver], news: Callable[[Mailbox], Mailbox]) -> list[str]:
    """Put the news of each receiver behind what waits for it; returns a line where somebody is forgotten.

    Whoever is no receiver any more is: what waits for a mistyped address would wait for ever.

    Args:
        news: adds what a receiver does not know yet.

    Raises:
        UnexpectedAnswer: the outbox cannot be read.
        OSError: it cannot be read or written.
    """
    if not receivers:
        return []
    known = read(reports)
    boxes = {one.id: news(known.pop(one.id, Mailbox())) for one in receivers}
    write(reports, boxes)
    waiting = sum(len(box.queue) for box in known.values())
    return [f"NOT SENT ANY MORE: {plural(waiting, 'message')} for who is no receiver now"] if waiting else []


def send(reports: Path, receivers: Sequence[Receiver]) -> list[str]:
    """Send what is queued, oldest first; returns a line for each receiver. Raises as ``queue``."""
    boxes = read(reports) if receivers else {}
    return [_emptied(reports, boxes, one) for one in receivers]


def _emptied(reports: Path, boxes: dict[str, Mailbox], receiver: Receiver) -> str:
    """Send until one message is not taken: what comes after it would not be understood without it."""
    sent = 0
    while queue := boxes[receiver.id].queue:
        if not receiver.send(queue[0].title, queue[0].body):
            waiting = plural(len(queue), "message")
            return f"NOT DELIVERED: {waiting} for {receiver.name}; sent again after the next run"
        boxes[receiver.id] = boxes[receiver.id].delivered()
        write(reports, boxes)
        sent += 1
    return f"notified {receiver.name}: {plural(sent, 'message')}"
