"""Keys follow content, and only what is missing is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_services.platform.build.graph import COMPILE, FETCH, Graph, Step


def step(name: str, needs: tuple[str, ...] = (), done: bool = False, **more: object) -> Step:
    base = Step(name, FETCH, 1.0, done=lambda _key: done, run=lambda _job: None, needs=needs)
    return replace(base, **more)  # type: ignore[arg-type]


def chain(file: Path, **changes: object) -> Graph:
    return Graph.of([step("source", files=(file,), **changes), step("program", ("source",)), step("other")])


def test_key_is_the_same_for_the_same_content_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "a" / "go.mod", tmp_path / "b" / "go.mod"
    for file in (here, there):
        file.parent.mkdir()
        file.write_text("module x", encoding="utf-8")
    assert chain(here).key("program") == chain(there).key("program")


@pytest.mark.parametrize(
    ("content", "changes"),
    [("module y", {}), ("module x", {"salt": ("1.2",)}), ("module x", {"salt": ("", "")})],
    ids=["file", "version", "number-of-flags"],
)
def test_change_of_an_input_changes_all_that_is_made_from_it(
    tmp_path: Path, content: str, changes: dict[str, object]
) -> None:
    file = tmp_path / "go.mod"
    file.write_text("module x", encoding="utf-8")
    before = chain(file)
    old = {name: before.key(name) for name in before.steps}
    file.write_text(content, encoding="utf-8")
    after = chain(file, **changes)
    assert after.key("source") != old["source"]
    assert after.key("program") != old["program"]
    assert after.key("other") == old["other"]


def test_tool_is_no_part_of_a_key() -> None:
    plain = Graph.of([step("go", tool=True), step("program", ("go",))])
    newer = Graph.of([step("go", tool=True, salt=("1.27",)), step("program", ("go",))])
    assert plain.key("program") == newer.key("program")


def test_what_only_serves_a_finished_output_is_not_asked_for() -> None:
    graph = Graph.of([step("modules"), step("program", ("modules",), done=True), step("image", ("program",))])
    assert [found.name for found in graph.left(["image"])] == ["image"]


def test_steps_left_come_in_the_order_given() -> None:
    graph = Graph.of([step("a"), step("b"), step("c", ("b", "a")), step("unwanted")])
    assert [found.name for found in graph.left(["c"])] == ["a", "b", "c"]


def test_nothing_is_left_for_a_goal_that_is_there() -> None:
    assert Graph.of([step("a", done=True)]).left(["a"]) == []


def test_a_need_stands_before_the_step_however_they_are_given() -> None:
    assert list(Graph.of([step("b", ("a",)), step("a", lane=COMPILE)]).steps) == ["a", "b"]


def test_a_need_that_is_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match="b needs a, which is no step"):
        Graph.of([step("b", ("a",))])


def test_steps_that_wait_for_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        Graph.of([step("a", after=("b",)), step("b", ("a",))])


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two steps are called a"):
        Graph.of([step("a"), step("a")])
