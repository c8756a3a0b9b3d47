"""``python -m pipeline_services.snapshot``."""

from __future__ import annotations

import sys

from pipeline_services.snapshot.collector import main

sys.exit(main())
