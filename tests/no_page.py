"""A pytest plugin for runs in a process of their own: a plain page, as where there is no Node, in no time.

tests/reporting/allure/test_page.py makes the real one.
"""

from __future__ import annotations

from typing import NoReturn

from pipeline_services.reporting.allure import node


def no_node() -> NoReturn:
    raise node.PageUnavailable("there is no Node here")


node.node_command = no_node
