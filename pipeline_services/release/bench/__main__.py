"""``python -m pipeline_services.release.bench``: what ``make bench-pipeline`` runs."""

from __future__ import annotations

import sys

from pipeline_services.release.bench.run import main

sys.exit(main())
