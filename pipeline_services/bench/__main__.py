"""``python -m pipeline_services.bench``: what ``make bench-pipeline`` runs."""

from __future__ import annotations

import sys

from pipeline_services.bench.run import main

sys.exit(main())
