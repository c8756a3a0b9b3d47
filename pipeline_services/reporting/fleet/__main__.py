"""``python -m pipeline_services.reporting.fleet``."""

from __future__ import annotations

import sys

from pipeline_services.model.program import begin

begin("pipeline_services.reporting.fleet")

from pipeline_services.reporting.fleet.cli import main  # noqa: E402 - once a signal ends it in one line

sys.exit(main())
