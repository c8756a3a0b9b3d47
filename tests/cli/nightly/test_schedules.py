"""What starts the run outside a cluster (timer, cron, workflow) starts it with options that it takes."""

from __future__ import annotations

import configparser
import re
import shlex
from typing import Any

import pytest
import yaml

from pipeline_services.cli.nightly import cli, history, outbox
from pipeline_services.cli.nightly.playing import GRACE_S
from pipeline_services.model.paths import REPOSITORY

HOST = REPOSITORY / "manifests" / "nightly" / "host"
MODULE = "pipeline_services.cli.nightly"


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((HOST / name).read_text())
    return parser


def workflow() -> dict[str, Any]:
    return dict(yaml.safe_load((REPOSITORY / ".github" / "workflows" / "nightly.yml").read_text())["jobs"]["nightly"])


def commands() -> dict[str, str]:
    """The line that starts the run, of each schedule."""
    steps = "\n".join(step.get("run", "") for step in workflow()["steps"])
    texts = {
        "systemd": unit("conveyor-nightly.service")["Service"]["ExecStart"],
        "cron": (HOST / "conveyor-nightly.cron").read_text(),
        "workflow": steps,
    }
    return {name: next(line for line in text.splitlines() if f"-m {MODULE}" in line) for name, text in texts.items()}


def given(command: str) -> Any:
    """The options behind the module's name, as the run reads them."""
    words = shlex.split(command.partition(f"-m {MODULE}")[2].partition(">")[0])
    return cli._parser().parse_args(words)


@pytest.mark.parametrize(("name", "command"), commands().items(), ids=str)
def test_the_run_takes_the_command_and_breaks_only_its_own_cluster(name: str, command: str) -> None:
    options = given(command)
    assert options.minutes >= 60, name
    assert [options.context, options.kubeconfig, options.allow_chaos] == [None, None, ""]
    assert ".venv/bin/python" in command  # make would end with 2 for anything that is not green


def test_the_service_leaves_the_time_that_an_undo_takes() -> None:
    service = unit("conveyor-nightly.service")["Service"]
    assert seconds(service["TimeoutStopSec"]) >= GRACE_S
    assert seconds(service["TimeoutStartSec"]) >= 60 * given(service["ExecStart"]).minutes + GRACE_S
    assert service["KillMode"] == "process"
    assert service["Type"] == "oneshot"


def test_the_line_of_cron_leaves_it_too() -> None:
    line = commands()["cron"]
    limits = re.search(r"timeout --kill-after=(\w+) (\w+)", line)
    assert limits
    assert seconds(limits[1]) >= GRACE_S
    assert seconds(limits[2]) >= 60 * given(line).minutes + GRACE_S


def test_the_workflow_leaves_it_too_and_keeps_what_was_found() -> None:
    job = workflow()
    assert 60 * job["timeout-minutes"] >= 60 * given(commands()["workflow"]).minutes + GRACE_S
    kept = next(step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    assert (kept["if"], kept["with"]["path"]) == ("always()", "reports/nightly")


def test_the_workflow_saves_a_night_that_failed_since_the_next_is_held_against_it() -> None:
    steps = [step for step in workflow()["steps"] if "actions/cache" in step.get("uses", "")]
    restored = {step["id"]: step["with"]["path"] for step in steps if "/restore@" in step["uses"]}
    saved = [step for step in steps if "/save@" in step["uses"]]
    assert len(restored) + len(saved) == len(steps), "a bare actions/cache saves only what a green run leaves"
    assert all(step["if"].startswith("always()") for step in saved)
    keys = {step["with"]["key"]: step["with"]["path"] for step in saved}
    assert keys == {f"${{{{ steps.{one}.outputs.cache-primary-key }}}}": path for one, path in restored.items()}
    assert restored["nights"].split()[:2] == [f"reports/nightly/{name}" for name in (history.FILE, outbox.FILE)]


def test_all_start_at_the_same_time_of_day() -> None:
    timer = unit("conveyor-nightly.timer")["Timer"]
    cron_job = yaml.safe_load((HOST.parent / "cronjob.yaml").read_text())["spec"]["schedule"]
    assert timer["OnCalendar"] == "*-*-* 02:15:00"
    assert cron_job == "15 2 * * *"
    assert commands()["cron"].startswith(f"{cron_job} root ")


def seconds(text: str) -> float:
    units = {"s": 1, "min": 60, "m": 60, "h": 3600}
    found = re.fullmatch(r"(\d+)(\w+)", text)
    assert found
    return float(found[1]) * units[found[2]]
