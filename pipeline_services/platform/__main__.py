"""``python -m pipeline_services.platform``."""

from __future__ import annotations

import sys

from pipeline_services.platform.cli import main

sys.exit(main())
