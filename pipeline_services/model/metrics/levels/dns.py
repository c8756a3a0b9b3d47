"""Whether the pods resolve the names of the services."""

from __future__ import annotations

from typing import Final

from pipeline_services.model.metrics.advice import advice_about
from pipeline_services.model.metrics.metric import Comparison, KeyMetric, servers

NAME_RESOLVES: Final = KeyMetric(
    id="name-resolves",
    shown_by="`kubectl get pods -n kube-system`",
    query="min by (name) (max_over_time($name_resolves{$selector}[1m]))",
    unit="(1 = resolved at least once)",
    window=60,
    comparison=Comparison.AT_LEAST,
    fail=1,
    warn=1,
    reason="as seen by the pods that need the name; one failed look-up passes, a minute of them does not",
    advice=advice_about("dns"),
    component="dns",
    by="name",
    subjects=servers,
)
