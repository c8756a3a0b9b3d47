"""The command line of the platform."""

from __future__ import annotations

import argparse
import sys

from pipeline_services import names
from pipeline_services.platform import lifecycle
from pipeline_services.platform.failures import Interrupted, PlatformError, StepFailed
from pipeline_services.platform.paths import Cache, cache_root
from pipeline_services.platform.progress import Durations, Progress


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline_services.platform")
    parser.add_argument("command", choices=["up"])
    parser.add_argument("--name", default=names.CLUSTER)
    options = parser.parse_args(argv)
    progress = Progress(Durations(Cache(cache_root()).durations))
    try:
        lifecycle.up(options.name, progress)
    except StepFailed as error:
        progress.clear()
        print(error.tail, file=sys.stderr)
        print(error, file=sys.stderr)
        return 1
    except PlatformError as error:
        progress.clear()
        print(getattr(error, "tail", ""), error, file=sys.stderr)
        return 1
    progress.table()
    return 0
