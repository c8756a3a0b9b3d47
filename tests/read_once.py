"""What nearly every command reads is read here, for tests/runs.py. No plugin of pytest: it warns of one that was read
before it could look at the assertions there."""

from __future__ import annotations

import gc
from importlib import import_module

from _pytest.config import default_plugins

READ = (
    *(f"_pytest.{name}" for name in default_plugins),
    *("allure_commons.model2", "allure_commons.reporter", "attr", "doctest", "execnet", "numpy", "pdb", "yaml"),
    *("chaos.scenarios", "pipeline_services.audit.audit", "pipeline_services.experiment.runner"),
    *("pipeline_services.reporting.run.session", "pipeline_services.triage.walk.cli"),
)
for name in READ:
    import_module(name)
# All of it stays to the end: the forks need neither look at it for cycles nor copy the memory that it is in.
gc.freeze()
