"""What a command does not understand it refuses in one line, with the exit code that means just that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pipeline_services.audit import __main__ as audit
from pipeline_services.audit import observe
from pipeline_services.cli import main as platform
from pipeline_services.cli.discover import cli as discover
from pipeline_services.cli.nightly import cli as nightly
from pipeline_services.cli.nightly import metrics
from pipeline_services.experiment import promise_run
from pipeline_services.faults import __main__ as faults
from pipeline_services.maintenance import __main__ as maintenance
from pipeline_services.model.exit_codes import REFUSED
from pipeline_services.snapshot import collector
from pipeline_services.triage.walk import cli as triage

COMMANDS = (audit, collector, discover, faults, maintenance, metrics, nightly, observe, platform, promise_run, triage)


@pytest.mark.parametrize("main", [one.main for one in COMMANDS], ids=[one.__name__ for one in COMMANDS])
def test_an_option_that_is_none_is_refused(
    main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--nonsense"])
    assert ended.value.code == REFUSED
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("REFUSED: ")
    assert line.endswith(" --help")
