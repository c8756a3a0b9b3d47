"""``python -m pipeline_services.discover``."""

from __future__ import annotations

import sys

from pipeline_services.model.program import begin

begin("pipeline_services.discover")

from pipeline_services.discover.cli import main  # noqa: E402 - once a signal ends it in one line

sys.exit(main())
