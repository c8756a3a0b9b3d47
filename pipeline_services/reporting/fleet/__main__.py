"""``python -m pipeline_services.reporting.fleet``."""

from __future__ import annotations

import sys

from pipeline_services.reporting.fleet.cli import main

sys.exit(main())
