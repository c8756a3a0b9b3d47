"""The objects that follow from a profile alone: the ConfigMap that its apps share, and the NetworkPolicies.

``python -m pipeline_services.platform.deploy.described`` writes those of each pipeline that manifests/ declares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline_services.model.arguments import Parser
from pipeline_services.model.paths import PIPELINES, REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.network_policies import network_policies

NAME: Final = "described.yaml"
_HEAD: Final = """\
# {what}nothing in, nothing out, but the flows: all from
# pipeline_services/pipelines/{name}.toml. Secrets are made at deploy time and are in no file.
# Written by `python -m pipeline_services.platform.deploy.described`; a test holds it to the profile.
"""


def declared() -> list[Pipeline]:
    """The pipelines whose objects this checkout declares."""
    known = map(Pipeline.load, sorted(PIPELINES.glob("*.toml")))
    return [pipeline for pipeline in known if pipeline.manifests]


def file_of(pipeline: Pipeline) -> Path:
    """Where they stand."""
    return REPOSITORY / pipeline.manifests / NAME


def config_map(pipeline: Pipeline) -> dict[str, Any]:
    """What the apps and the operator's commands share."""
    config = pipeline.config
    settings = {key: value for part in config.settings.values() for key, value in part.items()}
    metadata = {"name": config.config_map, "namespace": pipeline.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {**settings, **config.load}}


def text(pipeline: Pipeline) -> str:
    """The file."""
    shared = [config_map(pipeline)] if pipeline.config.config_map else []
    head = _HEAD.format(name=pipeline.name, what="The ConfigMap that the apps share, and " if shared else "")
    objects = [*shared, *network_policies(pipeline)]
    return head + "---\n".join(yaml.safe_dump(one, sort_keys=False, width=120) for one in objects)


def main() -> int:
    """Write the files."""
    for pipeline in declared():
        file = file_of(pipeline)
        file.write_text(text(pipeline), encoding="utf-8")
        sys.stdout.write(f"{file.relative_to(REPOSITORY)} written\n")
    return 0


if __name__ == "__main__":
    Parser(prog="python -m pipeline_services.platform.deploy.described", description=__doc__).parse_args()
    sys.exit(main())
