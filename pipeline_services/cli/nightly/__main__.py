"""``python -m pipeline_services.cli.nightly``."""

from __future__ import annotations

import os
import sys

from pipeline_services.model.program import begin

begin("pipeline_services.cli.nightly")

from pipeline_services.cli.nightly.cli import main  # noqa: E402 - once a signal ends it in one line

code = main()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # not sys.exit: a receiver that never ends its answer would keep its thread, and with it the process
