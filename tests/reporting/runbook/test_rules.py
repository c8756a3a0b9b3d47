"""The rules of the runbook catch what they are there for: its text with one thing made wrong on purpose."""

from __future__ import annotations

import pytest

from pipeline_services.reporting.runbook import commands, generated, proved, runbook
from pipeline_services.reporting.runbook.commands import Command
from tests.reporting.runbook import advised, rules
from tests.reporting.runbook.test_runbook import FAILURES, named_anchors

TEXT = runbook.RUNBOOK.read_text()


def mutated(old: str, new: str) -> str:
    """The runbook with one place changed."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kubectl top nodes", "kubectl top nodez", "there is no kubectl top nodez"),
        ("kubectl get hpa -n conveyor-pipeline", "kubectl get hpa -n conveyor-pipeline --wide", "get has no --wide"),
        ("deploy/producer -- nc", "-l app=producer -- nc", "exec has no -l"),
        ("kubectl exec -it -n", "kubectl exec -itx -n", "exec has no -x"),
        ("kubectl rollout resume", "kubectl rollout continue", "there is no kubectl rollout continue"),
        ("kubectl get pvc -n conveyor-pipeline", "kubectl get pvc", "it names no namespace"),
        ("-o jsonpath='{.data.tls\\.crt}'", "-o jsonpath='{.data.tls\\.crt}", "unexpected EOF"),
        ("base64 -d | openssl", "base64 -d | | openssl", "syntax error"),
        ("\nmake up\n", "\nmake upp\n", "no make upp"),
        ("python -m pipeline_services.faults list", "python -m pipeline_services.fault list", "no module"),
        ("# undo: kubectl cordon", "# undo: kubectl cordn", "there is no kubectl cordn"),
    ],
)
def test_a_broken_command_is_caught(old: str, new: str, said: str) -> None:
    assert [flaw for flaw in rules.broken_commands(mutated(old, new)) if said in flaw]


def test_a_removed_anchor_is_caught_with_who_needs_it() -> None:
    text = mutated("### TLS certificate", "### Certificates")
    assert rules.missing_sections(text, named_anchors()) == [
        f"{named_anchors()['tls-certificate']} names #tls-certificate"
    ]
    assert rules.broken_links(text) == ["tls-certificate"]


def test_every_section_that_somebody_names_would_be_missed() -> None:
    named = named_anchors()
    assert len(named) > 15
    for anchor, who in named.items():
        title = runbook.sections(TEXT)[anchor].title
        assert f"{who} names #{anchor}" in rules.missing_sections(mutated(f"# {title}\n", "# Gone\n"), named)


def test_a_change_outside_its_block_is_caught() -> None:
    text = mutated("# changes:\nkubectl uncordon", "kubectl uncordon")
    assert rules.unmarked_changes(text) == ["kubectl uncordon <node>"]


def test_a_change_without_its_way_back_is_caught() -> None:
    assert rules.without_undo(mutated("# undo: kubectl cordon <node>\n", "")) == ["kubectl uncordon <node>"]


def test_a_change_by_hand_needs_its_way_back_too() -> None:
    undo = "# undo: check out the commit that ran before, and apply its overlay\n"
    assert rules.without_undo(mutated(undo, "")) == ["kubectl apply -k <overlay>"]


@pytest.mark.parametrize(
    ("saving", "deletion"),
    [
        (
            "kubectl get secret -n conveyor-pipeline influxdb-tls -o yaml > influxdb-tls.saved.yaml\n",
            "kubectl delete secret -n conveyor-pipeline influxdb-tls",
        ),
        (
            "kubectl get networkpolicy -n conveyor-pipeline <policy> -o yaml > policy.saved.yaml\n",
            "kubectl delete networkpolicy -n conveyor-pipeline <policy>",
        ),
    ],
)
def test_a_deletion_of_what_was_not_saved_is_caught(saving: str, deletion: str) -> None:
    assert rules.unsaved(mutated(saving, "kubectl get pods -n conveyor-pipeline\n")) == [deletion]


def test_a_command_whose_output_is_not_told_is_caught() -> None:
    assert "kubectl get storageclass" in rules.untold(mutated("| `standard (default)` |", "| standard |"))


@pytest.mark.parametrize("part", rules.PARTS)
def test_a_missing_part_is_caught(part: str) -> None:
    start = TEXT.index("### Storage")
    text = TEXT[:start] + TEXT[start:].replace(f"**{part}", "**Something", 1)
    assert rules.missing_parts(text, FAILURES) == [f"storage: {part}"]


def test_a_failure_without_measured_times_is_caught() -> None:
    text = mutated(f"<!-- {proved.PREFIX}storage: ", f"<!-- {proved.PREFIX}cellar: ")
    assert rules.unproved(text.replace("end of proved in storage", "end of proved in cellar"), FAILURES) == ["storage"]


def test_a_part_that_is_not_the_code_s_is_caught() -> None:
    assert generated.up_to_date(mutated("| `pod-replaced` |", "| `pod-lost` |")) == TEXT


def test_advice_that_the_runbook_does_not_have_is_caught() -> None:
    written = ["kubectl scale deployment producer -n conveyor-pipeline --replicas=1", "kubectl get pods"]
    fits = ["kubectl scale {workload} -n {namespace} --replicas=1", "kubectl get pods"]
    assert advised.unwritten([*fits, "kubectl get pods -n {namespace}", "kubectl get {}ods x"], written) == [
        "kubectl get pods -n {namespace}",
        "kubectl get {}ods x",
    ]


def test_advice_is_found_however_it_is_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("code") / "code.py"
    file.write_text(
        'A = "kubectl get pods -n {namespace}"\n'
        'B = f"kubectl logs {A} -n {{namespace}}"\n'
        'C = "kubectl get " + A\n'
        'D = "kubectl top %s" % A\n'
        'E = "kubectl.kubernetes.io/restartedAt"\n'
    )
    assert set(advised.literals(file)) == {
        "kubectl get pods -n {namespace}",
        "kubectl logs {} -n {namespace}",
        "kubectl get {}",
        "kubectl top {}",
    }


@pytest.mark.parametrize(
    ("code", "output", "wrong"),
    [
        (0, "kafka-0 Running", []),
        (0, "kafka-0 Pending", ["the output has no 'Running'", "the output has 'Pending'"]),
        (1, "kafka-0 Running", ["the exit code is 1"]),
        (None, "kafka-0 Running", []),
        (0, "", ["the output has no 'Running'", "there is no output"]),
        (0, "Running\nWarning: v1 is deprecated", ["it is deprecated"]),
        (0, "Running\nAnnotations: deprecated.x: 1", []),
    ],
)
def test_an_answer_is_held_to_the_text(code: int | None, output: str, wrong: list[str]) -> None:
    command = commands.expecting(Command("kubectl get pods", "x"), "all `Running`, no `Pending`")
    assert command.flaws(code, output) == wrong


def test_a_command_that_should_fail_and_does_not_is_told() -> None:
    command = commands.expecting(Command("kubectl logs x --previous", "x"), "fails with `not found`")
    assert command.flaws(1, "not found") == []
    assert command.flaws(0, "not found") == ["the exit code is 0"]


def test_a_command_that_may_print_nothing_is_held_to_what_it_must_not_print() -> None:
    command = commands.expecting(Command("kafka-configs.sh --describe", "x"), "no output, so no `byte_rate`")
    assert command.flaws(0, "") == []
    assert command.flaws(0, "consumer_byte_rate=100") == ["the output has 'byte_rate'"]
    assert command.flaws(1, "") == ["the exit code is 1"]


NOTATION = """\
`make daily` first.
## One
| Command | Healthy | Otherwise |
|---|---|---|
| `kubectl get a` | `x \\| y`, no `z` | `kubectl get b` |

| The source says | Use instead |
|---|---|
| `kubectl never` | `kubectl get c` |

```bash
kubectl get d | wc -l
# healthy: `7`
```
### Two
```bash
# changes:
kubectl delete pod <pod>
# undo: nothing
kubectl scale x --replicas=1
# undo: kubectl scale x --replicas=0
```
```bash
# changes:
kubectl get e --watch
```
```bash
# by hand: why
kubectl get f
# undo: nothing
```
<!-- p: written by x -->
`kubectl generated`
<!-- end of p -->
"""


def test_the_notation() -> None:
    assert commands.commands(NOTATION) == [
        Command("make daily", ""),
        Command("kubectl get a", "one", shows=("x | y",), hides=("z",), told=True),
        Command("kubectl get b", "one"),
        Command("kubectl get c", "one"),
        Command("kubectl get d | wc -l", "one", shows=("7",), told=True),
        Command("kubectl delete pod <pod>", "two", block=1, undo="nothing"),
        Command("kubectl scale x --replicas=1", "two", block=1, undo="kubectl scale x --replicas=0"),
        Command("kubectl get e --watch", "two", block=2),
        Command("kubectl get f", "two", undo="nothing", by_hand=True),
    ]
    assert not commands.commands(NOTATION)[-1].reads
    assert list(commands.changes(NOTATION)) == [("two", 1), ("two", 2)]


def test_gaps_are_filled_or_told() -> None:
    command = Command("kubectl delete pod <pod> -n <place>", "x")
    assert command.gaps == {"pod", "place"}
    assert command.filled({"pod": "a", "place": "b"}) == "kubectl delete pod a -n b"
    with pytest.raises(KeyError, match="place"):
        command.filled({"pod": "a"})


def test_what_goes_on_until_it_is_stopped() -> None:
    assert Command("kubectl get pods --watch", "x").open_ended
    assert Command("kubectl get pods -w", "x").open_ended
    assert Command("kubectl port-forward svc/a 1:1", "x").open_ended
    assert not Command("kubectl get pods -o wide", "x").open_ended
