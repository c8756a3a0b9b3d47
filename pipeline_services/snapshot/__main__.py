"""``python -m pipeline_services.snapshot``."""

from __future__ import annotations

import sys

from pipeline_services.model.program import begin

begin("pipeline_services.snapshot")

from pipeline_services.snapshot.collector import main  # noqa: E402 - once a signal ends it in one line

sys.exit(main())
