"""``python -m pipeline_services.cli``."""

from __future__ import annotations

import sys

from pipeline_services.cli.main import main

sys.exit(main())
