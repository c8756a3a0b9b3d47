"""``python -m pipeline_services.triage``."""

from __future__ import annotations

import sys

from pipeline_services.model.program import begin

begin("pipeline_services.triage")

from pipeline_services.model.signals import ignore_from_now  # noqa: E402 - once a signal ends it in one line
from pipeline_services.triage.walk.cli import main  # noqa: E402 - once a signal ends it in one line

CODE = main()
ignore_from_now()
sys.exit(CODE)
