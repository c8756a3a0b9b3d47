"""``python -m pipeline_services.triage``."""

from __future__ import annotations

import sys

from pipeline_services.model.environment import use_own

use_own("pipeline_services.triage", sys.argv[1:], needs="platformdirs")

from pipeline_services.model.signals import ignore_from_now  # noqa: E402 - only with the packages it needs
from pipeline_services.triage.walk.cli import main  # noqa: E402 - only with the packages it needs

CODE = main()
ignore_from_now()
sys.exit(CODE)
