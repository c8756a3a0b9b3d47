"""The readings on their way: backlog, a silent producer, wrong times, messages that cannot be read."""

from __future__ import annotations

from typing import Final

from pipeline_services.metrics.advice import Escalation
from pipeline_services.model.commands import DESCRIBE_GROUP, READ_DEAD_LETTER, TOP_PODS
from pipeline_services.triage.causes.steps import HISTORY, LOGS
from pipeline_services.triage.model import Cause

CAUSES: Final = (
    Cause(
        "backlog-draining",
        "consumers are catching up with a backlog",
        Escalation.L1,
        "processor-pod-failure",
        heals_within=300,
        steps=(DESCRIBE_GROUP,),
        afterwards="LAG is small and stays so",
    ),
    Cause(
        "processing-too-slow",
        "readings come in faster than they are stored",
        Escalation.L2,
        "processor-pod-failure",
        symptomatic=True,
        steps=(
            TOP_PODS,
            "kubectl scale {kind:processor} {name:processor} -n {namespace} --replicas=3",
        ),
        undo="kubectl scale {kind:processor} {name:processor} -n {namespace} --replicas=1",
        afterwards="LAG falls",
    ),
    Cause(
        "producer-idle",
        "the producer runs and sends nothing",
        Escalation.L2,
        "producer-pod-failure",
        symptomatic=True,
        steps=(LOGS, "kubectl delete pods -n {namespace} -l {selector:producer}"),
        afterwards="the producer's rate is above 0.5 readings/s",
    ),
    Cause(
        "data-clock-wrong",
        "readings have impossible timestamps",
        Escalation.L2,
        "producer-pod-failure",
        steps=("kubectl logs -n {namespace} -l {selector:producer} --tail=50", HISTORY),
        afterwards="the newest reading is seconds old",
    ),
    Cause(
        "poison-messages",
        "messages that cannot be parsed go to the dead-letter topic",
        Escalation.L2,
        "processor-pod-failure",
        steps=(READ_DEAD_LETTER,),
        afterwards="the dead-letter topic does not grow",
    ),
)
