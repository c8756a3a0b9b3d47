"""PromQL queries limited to one namespace: others may be scraped by the same server."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from pipeline_services.model.errors import PreconditionNotMet


def limited(promql: str, namespace: str, words: Mapping[str, str]) -> str:
    """A query from its template.

    ``$selector`` stands for the label matchers of the namespace, so every selector of series has it:
    ``rate($produced{$selector}[1m])``. Every other placeholder is a key of ``words``.

    Raises:
        PreconditionNotMet: the profile of the pipeline has no such word.
    """
    try:
        return Template(promql).substitute(words, selector=f'namespace="{namespace}"')
    except KeyError as error:
        raise PreconditionNotMet(f"the profile of the pipeline has nothing for {error} in a query") from error
