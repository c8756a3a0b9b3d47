"""Parameters of the checks: a short stable id each, marked with the component that a finding names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from pipeline_services.model import roles

PIPELINE: Final = (roles.PRODUCER, roles.PROCESSOR, roles.KAFKA, roles.INFLUXDB)
EVERY: Final = (*PIPELINE, roles.PROMETHEUS, roles.GRAFANA, roles.LOKI)


def components(wanted: Iterable[str]) -> list[ParameterSet]:
    """One case for each component."""
    return [pytest.param(name, marks=pytest.mark.component(name), id=name) for name in wanted]


def belonging_to(subjects: Mapping[str, str]) -> list[ParameterSet]:
    """One case for each subject, with the component that it belongs to."""
    return [
        pytest.param(subject, marks=pytest.mark.component(component), id=subject.lower().replace(" ", "-"))
        for subject, component in subjects.items()
    ]
