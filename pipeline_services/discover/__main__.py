"""``python -m pipeline_services.discover``."""

from __future__ import annotations

import sys

from pipeline_services.discover.cli import main

sys.exit(main())
