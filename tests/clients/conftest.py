"""A cluster that is a fake server: each file says in its ``server`` what that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline_services.clients.kubernetes import Cluster
from pipeline_services.model.settings import Target
from tests.clients.fake_servers import FakeServer, kubeconfig


@pytest.fixture
def cluster(server: FakeServer, tmp_path: Path) -> Iterator[Cluster]:
    with closing(Cluster.connect(Target(str(kubeconfig(tmp_path / "config", server.port)), "", "plant"))) as connected:
        yield connected
