"""``python -m pipeline_services.cli``."""

from __future__ import annotations

import sys

from pipeline_services.model.program import begin

begin("pipeline_services.cli")

from pipeline_services.cli.main import main  # noqa: E402 - once a signal ends it in one line

sys.exit(main())
