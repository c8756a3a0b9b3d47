"""The one table of checks: id, component, judgement, the cases it has, and the components that each check needs."""
