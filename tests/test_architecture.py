"""The layout is the architecture: which way imports point, how long files are, where waiting happens."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("pipeline_services", "checks", "chaos", "tests", "conftest.py")
MODULES = sorted(file for top in CODE for file in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py")))

# Some 10 to 500 ms each, for what a daily run of a healthy cluster does not do.
NOT_DAILY = (
    "apprise",
    "cryptography",
    "filelock",
    "influxdb_client",
    "kubernetes",
    "matplotlib",
    "numpy",
    "psutil",
    "rich",
)
DAILY_RUN = """
import sys, pytest
assert pytest.main(["-q", "-m", "daily", "--collect-only", "-p", "no:cacheprovider"]) == 0
import pipeline_services.platform, pipeline_services.snapshot.live
from pipeline_services.reporting.run.own_cluster import something_to_undo
assert not something_to_undo(None)
print("loaded:", *({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1:])))
"""

PRODUCT = [module for module in MODULES if "tests" not in module.parts]
TYPED_LOOK = ROOT / "pipeline_services" / "model" / "k8s"
MAX_RAW_FIELDS = 22
TABLES = ("checks.py", "reviews.py", "practice_checks.py")
TABLE_OF_CHECKS = {ROOT / "pipeline_services" / "checklist" / name for name in TABLES}


def by_path(module: Path) -> str:
    return str(module.relative_to(ROOT))


def test_imports_go_down_only() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_daily_run_loads_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DAILY_RUN, *NOT_DAILY]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "loaded:"


def test_a_file_is_one_noun_long() -> None:
    assert not [by_path(module) for module in MODULES if len(text(module).splitlines()) > 300]


def test_nothing_sleeps_but_the_one_wait() -> None:
    sleeping = [module for module in PRODUCT if re.search(r"\b(?:time|asyncio)\.sleep\(", text(module))]
    assert [module.name for module in sleeping] == ["waiting.py"]


def test_the_id_of_a_check_is_written_in_the_table_of_checks_alone() -> None:
    assert not {by_path(one): ids for one in PRODUCT if one not in TABLE_OF_CHECKS and (ids := check_ids_in(text(one)))}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('needs = "test_kafka_topic"', ["test_kafka_topic"]),
        ('"""Why test_kafka_topic is red."""', []),
        ('path = "tests/test_x.py"', []),
    ],
)
def test_the_id_of_a_check_is_found_in_code(code: str, found: list[str]) -> None:
    assert check_ids_in(code) == found


def test_one_client_asks_influxdb() -> None:
    asking = {one.name for one in PRODUCT if '"/query"' in text(one) or '"/api/v2/delete"' in text(one)}
    assert asking == {"influxdb.py"}


def test_fields_of_kubernetes_objects_are_read_by_the_typed_look() -> None:
    """What builds or changes an object still writes its fields; the number may only fall."""
    elsewhere = [one for one in PRODUCT if TYPED_LOOK not in one.parents]
    assert sum(raw_fields_in(text(one)) for one in elsewhere) <= MAX_RAW_FIELDS


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('pod["metadata"]["name"]', 1),
        ('pod.get("spec") or {}', 1),
        ('pod["metadata"] = {}', 0),
        ('answer["status"]', 0),
    ],
)
def test_a_field_that_is_read_past_the_typed_look_is_found(code: str, found: int) -> None:
    assert raw_fields_in(code) == found


def test_no_module_is_named_like_a_library_it_uses() -> None:
    own = [
        module for module in MODULES if re.search(rf"^\s*(?:from|import) {module.stem}\b", text(module), re.MULTILINE)
    ]
    assert not [by_path(module) for module in own]


@cache
def text(module: Path) -> str:
    return module.read_text()


def check_ids_in(code: str) -> list[str]:
    """What in the code's strings looks like the id of a check; docstrings may name one."""
    if "test_" not in code:
        return []
    tree = ast.parse(code)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
    return [str(one.value) for one in texts if re.search(r"(?<![\w/])test_[a-z]", str(one.value))]


def raw_fields_in(code: str) -> int:
    """How often the code reads the metadata or the spec of an object itself."""
    if not re.search(r"[\"'](metadata|spec)[\"']", code):
        return 0
    nodes = list(ast.walk(ast.parse(code)))
    read = [one.slice for one in nodes if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Load)]
    got = [
        one.args[0]
        for one in nodes
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "get" and one.args
    ]
    return sum(isinstance(one, ast.Constant) and one.value in ("metadata", "spec") for one in (*read, *got))
