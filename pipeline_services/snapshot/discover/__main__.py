"""``python -m pipeline_services.snapshot.discover``."""

from __future__ import annotations

import sys

from pipeline_services.snapshot.discover.cli import main

sys.exit(main())
