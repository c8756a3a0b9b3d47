"""Each place that names a cause hands over what the cause's commands are filled in with: no rare finding has a gap."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from pipeline_services.model.commands import fill
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.triage import diagnosis
from pipeline_services.triage.causes import finding, scheduling
from pipeline_services.triage.subjects import CAUSES

FILES = sorted([*Path(str(finding.__file__)).parent.glob("*.py"), Path(str(diagnosis.__file__))])
PIPELINE = Pipeline.load()
OF_PART = {*finding.of_part(PIPELINE["kafka"]), "to_previous", "to_current"}
GIVEN_BY = {
    "of_part": OF_PART,
    "OF_ALL": set(finding.OF_ALL),
    "pod": {"pod", "container"},
    "_node": {"node", "taint", "put_back"},
}
"""What stands in the expression of the details, and the placeholders that it fills."""
MADE_BY = {"_secret": {"secret"}}
"""What else makes what a finding is about, and the placeholders that it fills."""


def told() -> Iterator[tuple[str, ast.FunctionDef, ast.Call]]:
    """Every call that puts a finding together: where, in which function, and the call.

    Where a function of the file hands its own first parameter on as the cause, the calls of that function stand for it.
    """
    for file in FILES:
        tree = ast.parse(file.read_text())
        handed_on = {function.name: call for function, call in calls(tree, "make_finding") if hands_on(function, call)}
        for function, call in calls(tree, "make_finding", *handed_on):
            inner = handed_on.get(called(call))
            args = [inner.args[0], call.args[0]] if inner is not None else call.args
            whole = ast.Call(call.func, args, call.keywords)
            if not hands_on(function, whole):
                yield f"{file.stem}-{call.lineno}", function, whole


def calls(tree: ast.AST, *names: str) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """The calls of functions or methods of these names, each with the function that it stands in."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and called(call) in names:
                yield function, call


def called(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def hands_on(function: ast.FunctionDef, call: ast.Call) -> bool:
    """Whether the cause is a parameter of the function."""
    cause = call.args[1]
    return isinstance(cause, ast.Name) and cause.id in {one.arg for one in function.args.args}


def words(function: ast.FunctionDef, expression: ast.AST) -> set[str]:
    """The names and texts in an expression, and in what its names were given in the function."""
    found = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant):
            found.add(str(node.value))
        if isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        if isinstance(node, ast.Name):
            found |= {node.id}.union(*(words(function, value) for value in given(function, node.id)))
    return found


def given(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """The values that a name is given in a function; those of several names at once count for each."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets if isinstance(node, ast.Assign | ast.AnnAssign) else ():
            names = {one.id for one in ast.walk(target) if isinstance(one, ast.Name)} if target else set()
            if name in names and node.value is not None:
                yield node.value


def abouts(function: ast.FunctionDef, expression: ast.AST) -> Iterator[ast.Call]:
    """Where what a finding is about is put together: in the expression, or in what its names were given."""
    if isinstance(expression, ast.Call) and called(expression) in ("About", *MADE_BY):
        yield expression
    elif isinstance(expression, ast.Call):
        for value in expression.args:
            yield from abouts(function, value)
    elif isinstance(expression, ast.Name):
        for value in given(function, expression.id):
            yield from abouts(function, value)


def test_what_a_cause_is_filled_in_with_is_handed_over() -> None:
    places = list(told())
    assert len(places) > 80
    wrong = {where: gap for where, function, call in places if (gap := gap_of(where, function, call))}
    assert wrong == {}


def gap_of(where: str, function: ast.FunctionDef, call: ast.Call) -> str:
    """What the causes that the call may name are not filled in with there; empty where nothing is missing."""
    causes = words(function, call.args[1]) & CAUSES.keys()
    if where.startswith("scheduling"):
        causes |= {reason.cause for reason in scheduling._REASONS}
    filled_in = [filled_in_by(function, about) for about in abouts(function, call.args[0])]
    known = set.intersection(*filled_in) if filled_in else set()
    for cause in map(CAUSES.__getitem__, causes):
        for text in (*cause.steps, cause.undo, cause.afterwards):
            try:
                fill(text, PIPELINE, details=dict.fromkeys(known, "x"))
            except (PreconditionNotMet, ValueError) as error:
                return f"{cause.id}: {error}"
    return "" if causes else "it names no cause"


def filled_in_by(function: ast.FunctionDef, about: ast.Call) -> set[str]:
    """The placeholders that are known of what a finding is about."""
    if called(about) in MADE_BY:
        return MADE_BY[called(about)]
    details = [one.value for one in about.keywords if one.arg == "details"]
    said = set().union(*(words(function, value) for value in details), {"pod"} if about.args[2:] else ())
    known = said.union(*(names for word, names in GIVEN_BY.items() if word in said))
    return known if isinstance(about.args[1], ast.Constant) else known | OF_PART


def test_a_gap_is_found() -> None:
    source = 'def found(evidence):\n    make_finding(About(evidence, "node"), "{cause}", "")'
    told_nothing = next(cause for cause in CAUSES.values() if "{pod}" in " ".join(cause.steps))
    for cause, gap in ((told_nothing.id, "pod"), ("no-such-cause", "it names no cause")):
        function = ast.parse(source.format(cause=cause)).body[0]
        assert isinstance(function, ast.FunctionDef)
        [(_, call)] = calls(function, "make_finding")
        assert gap in gap_of("", function, call)
