"""Which pods belong to which component of the pipeline, by their label ``app``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline_services.model import names, roles

COMPONENT_APPS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in (*names.DEPLOYMENTS, *names.STATEFULSETS)},
    roles.LOKI: (roles.LOKI, *names.DAEMONSETS),
}
"""The ``app`` labels of each component's pods; the log shipper counts as a part of Loki."""
