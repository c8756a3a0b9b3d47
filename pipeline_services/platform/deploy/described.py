"""The objects that follow from the description alone: the apps' ConfigMap and the NetworkPolicies.

``python -m pipeline_services.platform.deploy.described`` writes those of the suite's own pipeline into manifests/.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import yaml

from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.platform.deploy.network_policies import network_policies

FILE: Final = REPOSITORY / "manifests" / "base" / "described.yaml"
_HEAD: Final = """\
# The ConfigMap that the apps share, and nothing in, nothing out, but the flows: all from
# pipeline_services/pipelines/conveyor.toml. Secrets are made at deploy time and are in no file.
# Written by `python -m pipeline_services.platform.deploy.described`; a test holds it to the description.
"""


def config_map(pipeline: Pipeline) -> dict[str, Any]:
    """What the apps and the operator's commands share."""
    config = pipeline.config
    settings = {key: value for part in config.settings.values() for key, value in part.items()}
    metadata = {"name": config.config_map, "namespace": pipeline.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {**settings, **config.load}}


def text(pipeline: Pipeline) -> str:
    """The file."""
    objects = [config_map(pipeline), *network_policies(pipeline)]
    return _HEAD + "---\n".join(yaml.safe_dump(one, sort_keys=False, width=120) for one in objects)


def main() -> int:
    """Write the file."""
    FILE.write_text(text(Pipeline.load()), encoding="utf-8")
    sys.stdout.write(f"{FILE.relative_to(REPOSITORY)} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
