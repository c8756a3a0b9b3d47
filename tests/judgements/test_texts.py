"""In what two files differ: by what they mean where that can be read, else by their first line."""

from __future__ import annotations

import pytest

from pipeline_services.judgements.texts import text_differences

JOBS = "scrape_configs:\n  - job_name: apps\n    authorization: [redacted] {file: /token}\n  - job_name: kubelet\n"


@pytest.mark.parametrize(
    ("file", "declared", "live", "said"),
    [
        (
            "a.yml",
            JOBS,
            JOBS.replace("  - job_name: kubelet\n", ""),
            ["a.yml, scrape_configs[kubelet] is not set, declared: {job_name: kubelet}"],
        ),
        ("a.yaml", "a: {b: 1}\nc: 2\n", "c: 2\na:\n  b: 3\n", ["a.yaml, a.b is 3, declared: 1"]),
        (
            "a.json",
            '{"panels": [{"title": "Rate"}]}',
            '{"panels": []}',
            ["a.json, panels is not set, declared: [{title: Rate}]"],
        ),
        ("a.yaml", "a: 1\n", "gone", ["a.yaml is gone, declared: {a: 1}"]),
        ("a.yaml", "a: 1 # one\n", "a: 1\n", ["a.yaml is a: 1, declared: a: 1 # one"]),
        ("a.yaml", "a: 1\nb: 2\n", "a: 1\nb: [\n", ["a.yaml is not valid up to line 3, declared: a valid file"]),
        ("a.sh", "exit 0\n", "exit 0\r\n", ["a.sh is exit 0 with a carriage return, declared: exit 0 without one"]),
        ("a.sh", "exit 0\n", None, ["a.sh is not set, declared: exit 0"]),
    ],
)
def test_what_differs_is_said_as_it_is_meant(file: str, declared: str, live: str | None, said: list[str]) -> None:
    found = text_differences({file: declared}, {} if live is None else {file: live})
    assert [str(one) for one in found] == said
