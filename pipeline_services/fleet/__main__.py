"""``python -m pipeline_services.fleet``."""

from __future__ import annotations

import sys

from pipeline_services.fleet.cli import main

sys.exit(main())
