"""``python -m pipeline_services.nightly``."""

from __future__ import annotations

import sys

from pipeline_services.nightly.cli import main

sys.exit(main())
