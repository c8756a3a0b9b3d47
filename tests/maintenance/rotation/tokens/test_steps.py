"""Which step comes next: each state of two tokens, the half-done ones included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_services.maintenance.rotation.tokens.steps import Place, Step, Token, next_step
from pipeline_services.model.errors import PreconditionNotMet

OLD, NEW = Token("1", 10.0, True), Token("2", 20.0, True)
REFUSED = replace(OLD, active=False)
ALONE = Place("a/token", "1", (OLD,))
MADE = Place("a/token", "1", (OLD, NEW))
HANDED_OUT = Place("a/token", "2", (OLD, NEW))
DEACTIVATED = Place("a/token", "2", (REFUSED, NEW))
DELETED = Place("a/token", "2", (NEW,))
BEHIND = replace(HANDED_OUT, behind=("processor-1",))


@pytest.mark.parametrize(
    ("one", "other", "step"),
    [
        (ALONE, ALONE, None),
        (MADE, ALONE, Step.MAKE),
        (ALONE, MADE, Step.MAKE),
        (MADE, MADE, Step.HAND_OUT),
        (HANDED_OUT, MADE, Step.HAND_OUT),
        (MADE, BEHIND, Step.HAND_OUT),
        (BEHIND, BEHIND, Step.TAKE_UP),
        (HANDED_OUT, BEHIND, Step.TAKE_UP),
        (HANDED_OUT, HANDED_OUT, Step.DEACTIVATE),
        (DEACTIVATED, HANDED_OUT, Step.DEACTIVATE),
        (replace(DEACTIVATED, behind=("grafana-1",)), HANDED_OUT, Step.TAKE_UP),
        (DEACTIVATED, DEACTIVATED, Step.DELETE),
        (DELETED, DEACTIVATED, Step.DELETE),
        (DELETED, DELETED, None),
        (replace(DELETED, behind=("processor-1",)), DELETED, Step.TAKE_UP),
    ],
)
def test_the_first_step_that_is_not_done_everywhere(one: Place, other: Place, step: Step | None) -> None:
    assert next_step([one, other]) == step
    assert next_step([other, one]) == step


def test_a_deploy_that_put_the_first_one_back_is_undone() -> None:
    assert next_step([replace(HANDED_OUT, held="1"), HANDED_OUT]) == Step.HAND_OUT


def test_a_second_one_that_somebody_deactivated_is_deleted() -> None:
    assert next_step([replace(MADE, tokens=(OLD, replace(NEW, active=False)))]) == Step.DELETE


def test_a_secret_that_holds_a_refused_token_gets_the_accepted_one() -> None:
    assert next_step([replace(DEACTIVATED, held="1")]) == Step.HAND_OUT


def test_three_tokens_end_in_the_youngest() -> None:
    youngest = Token("3", 30.0, True)
    assert next_step([replace(HANDED_OUT, tokens=(OLD, NEW, youngest))]) == Step.HAND_OUT


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (replace(ALONE, held="", tokens=()), "does not know the token in a/token"),
        (replace(ALONE, tokens=(REFUSED,)), "accepts no token for a/token"),
    ],
)
def test_what_cannot_be_rotated_is_refused(place: Place, why: str) -> None:
    with pytest.raises(PreconditionNotMet, match=why) as caught:
        next_step([DELETED, place])
    assert caught.value.next_step == "make up"
