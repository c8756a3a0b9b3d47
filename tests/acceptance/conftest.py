"""The running cluster, for the live tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline_services import faults
from pipeline_services.clients.kubernetes import Cluster, WritableCluster
from pipeline_services.faults.journal import Journal, own_journal
from pipeline_services.model.paths import Cache, cache_root
from pipeline_services.platform.cluster.access import ClusterAccess, access_to
from tests.acceptance.bench import Judge, Namespace


@pytest.fixture(scope="session")
def access() -> ClusterAccess:
    """The suite's own cluster, which runs already (``make up``)."""
    return access_to(Cache(cache_root()))


@pytest.fixture(scope="session")
def admin(access: ClusterAccess) -> WritableCluster:
    return WritableCluster.connect(access.target)


@pytest.fixture(scope="session")
def journal(access: ClusterAccess, admin: WritableCluster) -> Iterator[Journal]:
    """The cluster's journal of faults, swept of what an earlier run left behind."""
    journal = own_journal()
    faults.sweep(admin, journal)
    yield journal
    assert journal.entries() == []


@pytest.fixture(scope="session")
def judge(access: ClusterAccess) -> Judge:
    return Judge(access)


@pytest.fixture(scope="session")
def namespace(access: ClusterAccess) -> Iterator[Namespace]:
    """The pipeline's namespace with the administrator's eyes, which see Secrets, too."""
    cluster = Cluster.connect(access.target)
    yield Namespace(cluster)
    cluster.close()
