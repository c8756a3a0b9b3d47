"""The one table of checks: id, component, judgement, parameters, and the components that each check needs."""
