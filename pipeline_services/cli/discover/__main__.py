"""``python -m pipeline_services.cli.discover``."""

from __future__ import annotations

import sys

from pipeline_services.cli.discover.cli import main

sys.exit(main())
