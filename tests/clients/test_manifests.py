"""A kustomization is rendered as kubectl would do it, or refused where it uses what is not known here."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.errors import PreconditionNotMet

OBJECTS = """
---
{kind: Namespace, metadata: {name: a}}
---

---
{kind: Deployment, metadata: {name: b}, spec: {containers: [{name: one, image: x}], replicas: 1}}
"""


def kustomization(folder: Path, more: str = "", change: str = "") -> Path:
    (folder / "objects.yaml").write_text(OBJECTS)
    (folder / "change.yaml").write_text(change)
    (folder / "kustomization.yaml").write_text(f"resources: [objects.yaml]\n{more}\n")
    return folder


def test_empty_documents_are_left_out(tmp_path: Path) -> None:
    assert [one["kind"] for one in rendered(kustomization(tmp_path))] == ["Namespace", "Deployment"]


def test_a_patch_changes_what_it_names_and_a_generator_reads_files(tmp_path: Path) -> None:
    more = "patches: [{path: change.yaml}]\nconfigMapGenerator: [{name: c, namespace: a, files: [objects.yaml]}]"
    change = "{kind: Deployment, metadata: {name: b}, spec: {containers: [{name: one, args: [y]}], paused: true}}"
    made = rendered(kustomization(tmp_path, f"{more}\ngeneratorOptions: {{disableNameSuffixHash: true}}", change))
    containers = [{"name": "one", "image": "x", "args": ["y"]}]
    assert made[1]["spec"] == {"containers": containers, "replicas": 1, "paused": True}
    assert made[2]["data"] == {"objects.yaml": OBJECTS}


@pytest.mark.parametrize(
    ("more", "change", "says"),
    [
        ("images: []\nnamePrefix: x", "", "images, namePrefix of kustomize is not known here"),
        ("configMapGenerator: [{name: c}]", "", "names with a hash are not known here"),
        (
            "patches: [{path: change.yaml}]",
            "{kind: Deployment, metadata: {name: b}, spec: {containers: [{name: two}]}}",
            "a patch of the list containers is not known here",
        ),
        ("patches: [{path: change.yaml}]", "{kind: Service, metadata: {name: b}}", "cannot read the manifests in"),
        ("patches: [{path: nowhere.yaml}]", "", "cannot read the manifests in"),
        ("resources: [", "", "cannot read the manifests in"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path: Path, more: str, change: str, says: str) -> None:
    with pytest.raises(PreconditionNotMet, match=says):
        rendered(kustomization(tmp_path, more, change))
