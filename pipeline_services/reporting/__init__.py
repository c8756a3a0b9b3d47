"""The pytest plugin: terminal, JSON, Allure page; the table of a fleet; and the generated parts of RUNBOOK.md."""
