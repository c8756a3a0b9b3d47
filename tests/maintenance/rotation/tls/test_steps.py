"""Which step comes next: each state of Secret, InfluxDB and clients, the half-done ones included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.maintenance.rotation.tls.steps import Seen, Step, next_step
from pipeline_services.model.errors import PreconditionNotMet

FRESH = Seen("a-secret", ("old-ca",), "old", "old-ca", "old")
TRUSTED = replace(FRESH, bundle=("new-ca", "old-ca"), waiting=True, waiting_issuer="new-ca")
REPLACED = Seen("a-secret", ("new-ca", "old-ca"), "new", "new-ca", "old", kept=True)
SERVED = replace(REPLACED, served="new")
DROPPED = replace(SERVED, bundle=("new-ca",))
DONE = replace(DROPPED, kept=False)
BEHIND = ("processor",)


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (FRESH, None),
        (replace(FRESH, behind=BEHIND), None),
        (replace(TRUSTED, behind=BEHIND), Step.TAKE_UP),
        (TRUSTED, Step.REPLACE),
        (replace(TRUSTED, waiting_issuer=""), Step.TRUST),
        (replace(TRUSTED, waiting_issuer="old-ca"), Step.TRUST),
        (replace(REPLACED, behind=BEHIND), Step.TAKE_UP),
        (REPLACED, Step.RESTART),
        (SERVED, Step.DROP),
        (replace(SERVED, behind=BEHIND), Step.TAKE_UP),
        (replace(SERVED, kept=False), Step.DROP),
        (replace(DROPPED, behind=BEHIND), Step.FORGET),
        (DROPPED, Step.CLEAN),
        (DONE, None),
    ],
)
def test_the_first_step_that_is_not_done(seen: Seen, step: Step | None) -> None:
    assert next_step(seen) == step


@pytest.mark.parametrize(
    ("seen", "why", "then"),
    [
        (replace(FRESH, issuer=""), "not of a CA in it", "make up"),
        (replace(FRESH, served="another"), "InfluxDB serves another certificate", "RUNBOOK.md#tls-certificate"),
    ],
)
def test_what_cannot_be_rotated_is_refused(seen: Seen, why: str, then: str) -> None:
    with pytest.raises(PreconditionNotMet, match=why) as caught:
        next_step(seen)
    assert caught.value.next_step.startswith(then)
