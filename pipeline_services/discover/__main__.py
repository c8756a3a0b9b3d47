"""``python -m pipeline_services.discover``."""

from __future__ import annotations

import sys

from pipeline_services.model.environment import use_own

use_own("pipeline_services.discover", sys.argv[1:], needs="platformdirs")

from pipeline_services.discover.cli import main  # noqa: E402 - only with the packages it needs

sys.exit(main())
