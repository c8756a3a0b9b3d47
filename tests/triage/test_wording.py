"""Times and commands as the operator reads and pastes them."""

from __future__ import annotations

import re
import shlex
import subprocess
from itertools import pairwise

from pipeline_services.model import own_cluster
from pipeline_services.triage.causes.log_lines import logged
from pipeline_services.triage.incident import messages
from pipeline_services.triage.model import Cause
from pipeline_services.triage.subjects import CAUSES
from tests.each import each
from tests.triage.made import AT


def test_since_counts_from_now_while_the_look_is_fresh() -> None:
    assert messages.since(AT - 240, AT, AT + 3) == "4 min ago (07:37:40 UTC)"


def test_since_counts_from_the_snapshot_once_that_is_old() -> None:
    assert messages.since(AT - 240, AT, AT + 9e6) == "4 min before this snapshot (07:37:40 UTC)"


def test_another_day_is_named_and_not_knowing_is_said() -> None:
    assert messages.since(AT - 86_400, AT, AT) == "24 h 0 min ago (2026-11-22 07:41:40 UTC)"
    assert messages.since(None, AT, AT) == "not known"


def test_what_repairs_the_own_cluster_is_not_offered_for_another() -> None:
    assert messages.commands(["make up"], own_cluster.CONTEXT) == [
        "make up # puts back what is declared; restarts what that changes"
    ]
    assert messages.commands(["make up"], "plant-7")[0].startswith("#")
    assert messages.commands(["make daily"], "plant-7") == [".venv/bin/pytest -m daily --context plant-7"]


SAVED = ["kubectl get x y -o yaml > y.saved.yaml", "kubectl delete x y", "make up"]


def test_what_deletes_something_is_not_typed_where_it_could_not_be_saved() -> None:
    assert messages.commands(SAVED, own_cluster.CONTEXT, "makes it again") == [
        f"{SAVED[0]} && kubectl delete x y && make up # makes it again"
    ]
    here, deploy = messages.commands(SAVED, "plant-7")
    assert here == f"{SAVED[0]} && kubectl delete x y"
    assert deploy.startswith("#")


def test_a_comment_stays_on_one_line_for_the_shell_reads_none_on() -> None:
    command = f"kubectl label namespace {'x' * 30} a={'b' * 20} --overwrite # brings back what was there"
    *_, before, last = messages.pasted(command, 60, "  ")
    assert before.endswith("--overwrite \\")
    assert last.strip() == "# brings back what was there"


def test_of_a_pod_that_is_deleted_it_is_said_what_takes_its_place() -> None:
    delete = "kubectl --context kind-conveyor delete pod -n conveyor-pipeline kafka-0"
    assert messages.commands([delete], own_cluster.CONTEXT) == [f"{delete} # a new one starts; volumes stay"]


def test_a_secret_is_deleted_only_where_make_up_makes_another() -> None:
    step = "kubectl --context plant-7 delete secret -n conveyor-pipeline influxdb-tls"
    assert messages.commands([step], own_cluster.CONTEXT) == [step]
    assert messages.commands([step], "plant-7")[0].startswith("# its issuer")


def test_every_make_command_of_the_causes_has_a_form_for_another_cluster() -> None:
    steps = {step for cause in CAUSES.values() for step in cause.steps if step.startswith("make")}
    assert steps <= set(messages.OWN_ONLY)


def test_a_broken_line_is_still_one_command_to_the_shell() -> None:
    command = "echo " + " ".join(f"word{number}" for number in range(40)) + " 'two words'"
    lines = messages.pasted(command, 60, "      ")
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60
    said = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True).stdout
    assert said.split() == shlex.split(" ".join(command.split()[1:]).replace("'", ""))


def test_no_line_ends_between_an_option_and_its_value() -> None:
    lines = messages.pasted(
        "kubectl --context kind-conveyor rollout undo daemonset/log-shipper -n conveyor-pipeline", 80, ""
    )
    assert lines == [
        "kubectl --context kind-conveyor rollout undo daemonset/log-shipper \\",
        "    -n conveyor-pipeline",
    ]


def test_a_line_of_a_log_is_quoted_as_people_read_it() -> None:
    line = '{"time": "2026-11-26T17:32:13+00:00", "level": "ERROR", "logger": "processor", "message": "no token"}'
    assert list(logged([line, "plain words", "{}"])) == ["log: ERROR: no token", "log: plain words", "log: {}"]


def test_no_line_is_broken_within_quotes() -> None:
    quoted = "-o jsonpath='{range .items[*]}{.metadata.name} {.status.phase}{\"\\n\"}{end}'"
    lines = messages.pasted(f"kubectl get pods -n conveyor-pipeline {quoted} --sort-by=.metadata.name", 60, "")
    typed = subprocess.run(
        ["bash", "-c", "kubectl() { printf '%s\n' \"$@\"; }\n" + "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert quoted.removeprefix("-o ").replace("'", "") in typed
    assert len(lines) > 1


def test_what_a_step_deletes_for_good_was_saved_by_the_step_before_and_can_be_put_back() -> None:
    each(CAUSES, saves_what_it_deletes)


def saves_what_it_deletes(cause: Cause) -> None:
    for before, step in pairwise(("", *cause.steps)):
        deleted = re.match(r"kubectl delete (?!pods? )(\S+) -n (\S+) (\S+)$", step)
        if deleted:
            kind, namespace, name = deleted.groups()
            assert before == f"kubectl get {kind} -n {namespace} {name} -o yaml > {name}.saved.yaml"
            assert cause.undo == f"kubectl replace -n {namespace} --force -f {name}.saved.yaml"
