"""Every cause whose commands change the cluster is typed in a row of the matrix, or it is written why not."""

from __future__ import annotations

import re

import pytest

from chaos.remedies import REMEDIED, REMEDIES, UNTYPED
from chaos.scenarios import MATRIX
from pipeline_services.model.commands import changes
from pipeline_services.triage.subjects import CAUSES
from tests.chaos.test_mitigations import MITIGATIONS


def test_no_cause_is_forgotten_and_none_is_there_twice() -> None:
    changing = [cause.id for cause in CAUSES.values() if any(map(changes, cause.steps))]
    assert sorted([*REMEDIES, *UNTYPED]) == sorted(changing)


def test_each_row_mends_one_cause() -> None:
    assert len(REMEDIED) == len(REMEDIES)


def test_the_row_is_there_and_leads_to_the_cause() -> None:
    led_to = {cause: {one for found in MATRIX[row].findings for one in found.causes} for cause, row in REMEDIES.items()}
    assert [cause for cause, causes in led_to.items() if cause not in causes] == []


def test_what_has_no_row_has_none_and_what_types_it_instead_is_there() -> None:
    alone = {
        cause for row in MATRIX.values() for found in row.findings if len(found.causes) == 1 for cause in found.causes
    }
    assert not alone & {cause for cause, why in UNTYPED.items() if why.startswith("no row")}
    assert set(re.findall(r"pod-status-\d+", " ".join(UNTYPED.values()))) <= {one.id for one in MITIGATIONS}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("kubectl --context kind scale deployment/x --replicas=1", True),
        ("make up", True),
        ("kubectl get secret x -o yaml > x.saved.yaml", False),
        ("kubectl exec x -- kafka-configs.sh --alter --entity-type clients", True),
        ("kubectl exec x -- kafka-topics.sh --describe", False),
        ("make triage", False),
    ],
)
def test_what_changes_the_cluster_is_told_from_what_reads(step: str, expected: bool) -> None:
    assert changes(step) == expected
