"""Do Kafka, InfluxDB and Prometheus have their volumes (section 1, ``kubectl get pvc``)?"""

from __future__ import annotations

import re

from pipeline_services.judgements.deviation import Deviation
from pipeline_services.judgements.pods import STARTING_FOR
from pipeline_services.model.component import Component
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.k8s import age, is_terminating, name_of, phase_of
from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.snapshot.snapshot import Snapshot


def belongs_to(claim: str, part: Component) -> bool:
    """Whether the claim is the component's, or was made by its StatefulSet: ``<template>-<set>-<number>``."""
    return claim == part.volume or re.fullmatch(rf".+-{re.escape(part.workload)}-\d+", claim) is not None


def are_bound(snapshot: Snapshot, component: str) -> None:
    """The component has at least one claim, and every one is Bound."""
    advice = advice_about("storage")
    part = snapshot.pipeline[component]
    claims = [claim for claim in snapshot.data("pvcs") if belongs_to(name_of(claim), part)]
    if not claims:
        raise Deviation(snapshot, f"{component} has no volume claim", "at least one, Bound", advice)
    for claim in claims:
        phase = phase_of(claim)
        if phase == "Pending" and age(claim, snapshot.taken_at) < STARTING_FOR:
            raise PreconditionNotMet(f"{name_of(claim)} is new and not bound yet; try again in {STARTING_FOR:g} s")
        if phase != "Bound":
            raise Deviation(snapshot, f"volume claim {name_of(claim)} is {phase}", "Bound", advice)
        if is_terminating(claim):
            goes = advice.but(impact=f"{component} loses all it holds as soon as its pod ends: save it first")
            raise Deviation(snapshot, f"volume claim {name_of(claim)} is being deleted", "Bound", goes)
