"""Pre-release validation: may a new version of the apps go out: go, no-go, or not enough data, and why."""
