"""The pytest plugin: terminal, JSON, Allure page, and the generated parts of RUNBOOK.md."""
