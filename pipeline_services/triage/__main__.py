"""``python -m pipeline_services.triage``."""

from __future__ import annotations

import sys

from pipeline_services.triage.walk.cli import main

sys.exit(main())
