"""A pipeline's names stand in its description alone, and nothing reads the description when it is imported."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from pipeline_services.model.pipeline import Pipeline
from tests.test_architecture import PRODUCT, ROOT, by_path

OWN = Pipeline.load()
APPS = ROOT / "pipeline_services" / "apps"
"""What runs in the pods has its names from the ConfigMap."""
IMPORT_ALL = """
import importlib
import sys
from pipeline_services.model import pipeline

def refuse(path):
    raise RuntimeError("the profile is read at import")

pipeline._load = refuse
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def names_of(pipeline: Pipeline) -> set[str]:
    """Every name of the description that belongs to this pipeline alone."""
    config, topics, store, dashboard = pipeline.config, pipeline.topics, pipeline.store, pipeline.dashboard
    parts = pipeline.workloads.values()
    return {
        pipeline.namespace,
        *(topics.readings, topics.dead_letters, topics.group, store.bucket, store.measurement),
        *(config.config_map, *config.secrets, dashboard.title, dashboard.uid, dashboard.admin),
        *(*pipeline.services, *pipeline.autoscalers, *pipeline.metrics.values()),
        *(name for part in parts if part.headless for name in (part.headless, part.volume, part.first_pod)),
    }


# A mount path such as /etc/influxdb-tls is the image's, not the Secret's name.
NAMED = re.compile(rf"(?<![\w.-])(?<!/etc/)(?:{'|'.join(map(re.escape, sorted(names_of(OWN))))})(?![\w-])")


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every string that holds a name of the pipeline, docstrings left out."""
    if not NAMED.search(source):
        return
    tree = ast.parse(source)
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield from ((node.lineno, found) for found in NAMED.findall(node.value))


def found_in(modules: Iterable[Path], look: Callable[[str], Iterable[object]]) -> dict[str, list[object]]:
    """What is found in the source of each module, by its path; modules without a finding are left out."""
    found = {by_path(one): list(look(one.read_text(encoding="utf-8"))) for one in modules}
    return {module: findings for module, findings in found.items() if findings}


def test_no_name_of_the_pipeline_is_written_in_code() -> None:
    assert found_in((one for one in PRODUCT if not one.is_relative_to(APPS)), literals) == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = "kafka-service"', ["kafka-service"]),
        ('x = f"kubectl get svc/kafka-service -n {space}"', ["kafka-service"]),
        ('x = "kubectl exec kafka-0 -- kafka-topics.sh --topic sensor-readings"', ["kafka-0", "sensor-readings"]),
        ('def f():\n    """Not the pod kafka-0."""\n    return "data-kafka-0"', ["data-kafka-0"]),
        ('X = 1\n"""How long kafka-0 may take."""', []),
        ('x = "{service:kafka} in {namespace}, /etc/influxdb-tls/ca.crt, kafka-01, my-kafka-0, kafka"', []),
    ],
)
def test_a_name_in_code_is_found(source: str, found: list[str]) -> None:
    assert [name for _, name in literals(source)] == found


ASKS = {"collect": 3, "resolve_target": 4, "authorize_target": 5, "Snapshot": 6}
"""Whoever asks one of these says which pipeline is meant: it is the so-maniest argument, or ``pipeline``."""
UNDOES = ROOT / "pipeline_services" / "faults" / "aftermath.py"
"""It undoes what is journaled, whatever the pipeline."""


def unsaid(source: str) -> list[int]:
    """The lines that ask about a pipeline and leave open which, and so would mean the suite's own."""
    if not any(f"{name}(" in source for name in ASKS):
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ASKS]
    starred = [call for call in named if any(isinstance(one, ast.Starred) for one in call.args)]
    return [
        call.lineno
        for call in named
        if call not in starred
        and len(call.args) < ASKS[ast.unparse(call.func)]
        and "pipeline" not in {keyword.arg for keyword in call.keywords}
    ]


def test_whoever_looks_says_at_which_pipeline() -> None:
    assert found_in((one for one in PRODUCT if one != UNDOES), unsaid) == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("resolve_target(file, context)", [1]),
        ("collect(cluster, settings)", [1]),
        ("collect(cluster, settings, pipeline)\nresolve_target(pipeline=own)", []),
    ],
)
def test_a_look_at_no_certain_pipeline_is_found(source: str, found: list[int]) -> None:
    assert unsaid(source) == found


def imported(*modules: str, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IMPORT_ALL, *modules]
    env = {"PYTHONPATH": f"{ROOT}:{path}", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=path, env=env, capture_output=True, text=True, check=False)


def test_nothing_reads_the_description_when_it_is_imported() -> None:
    modules = [".".join(one.relative_to(ROOT).with_suffix("").parts) for one in PRODUCT if one.stem != "__main__"]
    run = imported(*(module.removesuffix(".__init__") for module in modules))
    assert run.returncode == 0, run.stderr


def test_a_module_that_reads_the_description_when_it_is_imported_is_found(tmp_path: Path) -> None:
    text = "from pipeline_services.model.pipeline import Pipeline\n\n{}\n"
    (tmp_path / "eager.py").write_text(text.format("NAMESPACE = Pipeline.load().namespace"))
    (tmp_path / "lazy.py").write_text(text.format("def namespace():\n    return Pipeline.load().namespace"))
    assert "the profile is read at import" in imported("eager", path=tmp_path).stderr
    assert imported("lazy", path=tmp_path).returncode == 0
