"""YAML as everything here reads it: by the loader in C where there is one, which takes a tenth of the time."""

from __future__ import annotations

from typing import Final

import yaml

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
