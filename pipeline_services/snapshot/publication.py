"""What may leave the cluster: everything, without what its Secrets hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pipeline_services.model import own_cluster
from pipeline_services.model.k8s import K8sObject, name_of
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.snapshot.redaction import redacted, secret_forms
from pipeline_services.snapshot.sources.kubernetes import hidden_values


def redactor(pipeline: Pipeline, context: str, namespace: str, secrets: Iterable[K8sObject]) -> Callable[[Any], Any]:
    """What takes out of any tree of texts what the Secrets hold, and what looks like a secret.

    Names are public, whatever Secret holds the same word: those of the profile, of the cluster and of the Secrets.
    """
    known = list(secrets)
    public = pipeline.public_values() | own_cluster.PUBLIC | {context, namespace, *map(name_of, known)}
    return partial(redacted, forms=secret_forms(hidden_values(known), public), keep=public)
