"""``python -m pipeline_services.triage``."""

from __future__ import annotations

import sys

from pipeline_services.model.signals import ignore_from_now
from pipeline_services.triage.walk.cli import main

CODE = main()
ignore_from_now()
sys.exit(CODE)
