"""The command line of an operator's run: which cluster, or which snapshot, is judged, and where the report goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from pipeline_services.model.arguments import EMPTY, LOOKED_AT, positive

DEFAULT_REPORTS: Final = "reports"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was asked for.

    Attributes:
        under_fault: the run whose faults are judged on purpose.
        reports_asked: the folder was named, so that even a partial run writes a report there.
    """

    context: str | None
    kubeconfig: Path | None
    namespace: str | None
    snapshot: Path | None
    settings: Path | None
    pipeline: Path | None
    under_fault: str | None
    reports: Path
    reports_asked: bool

    @property
    def is_own_cluster(self) -> bool:
        """No cluster and no file was named: it is the suite's own cluster, which alone is ever set up or mended."""
        return not (self.snapshot or self.kubeconfig or self.context)

    def given(self) -> dict[str, object]:
        """Those that say what is looked at, by name: a command that asks about the same has to repeat them."""
        names = ("context", "kubeconfig", "namespace", "snapshot", "pipeline", "settings")
        return {f"--{name}": value for name in names if (value := getattr(self, name))}

    @classmethod
    def of(cls, config: pytest.Config) -> RunOptions:
        """The options of this run; relative paths are as seen from the folder that pytest was started in.

        Raises:
            pytest.UsageError: an option is empty; or --snapshot is given together with a cluster, or either of them
                with --under-fault.
        """
        here = config.invocation_params.dir
        for name in LOOKED_AT:
            if config.getoption(name, None) == "":
                raise pytest.UsageError(EMPTY.format(name=name))

        def path(name: str) -> Path | None:
            value = config.getoption(name)
            return here / Path(value).expanduser() if value else None

        snapshot, kubeconfig = path("snapshot"), path("kubeconfig")
        context, namespace = config.getoption("context"), config.getoption("namespace")
        if snapshot and (kubeconfig or context or namespace):
            raise pytest.UsageError("--snapshot judges a file: it takes no --context, --kubeconfig or --namespace")
        under_fault = config.getoption("under_fault")
        if under_fault and (snapshot or kubeconfig or context):
            raise pytest.UsageError("--under-fault is for the suite's own cluster: it takes no --snapshot or --context")
        asked = path("reports")
        return cls(
            context,
            kubeconfig,
            namespace,
            snapshot,
            path("settings"),
            path("pipeline"),
            under_fault,
            asked or config.rootpath / DEFAULT_REPORTS,
            bool(asked),
        )


def add_options(parser: pytest.Parser) -> None:
    """Declare the options; ``pytest --help`` lists them in groups of their own.

    Those of chaos are not in chaos/conftest.py: it is read too late to tell the value of an unknown option from a path.
    """
    _add_target(parser.getgroup("pipeline", "the pipeline's checks"))
    _add_chaos(parser.getgroup("chaos", "faults on purpose"))
    _add_release(parser.getgroup("release", "may a new version go out"))


def _add_target(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--context",
        metavar="NAME",
        help="judge this context's cluster, not the suite's own; nothing is created or changed",
    )
    group.addoption(
        "--kubeconfig", metavar="FILE", help="the kubeconfig of that cluster (default: where kubectl looks for it)"
    )
    group.addoption("--namespace", metavar="NS", help="the pipeline's namespace (default: that of its profile)")
    group.addoption(
        "--pipeline", metavar="FILE", help="the TOML file that describes the pipeline (default: the suite's own)"
    )
    group.addoption("--fleet", metavar="FILE", help="judge all pipelines that this TOML file lists, in one report")
    group.addoption("--snapshot", metavar="FILE", help="judge this saved snapshot; no cluster is contacted")
    group.addoption(
        "--settings", metavar="FILE", help="a TOML file with this environment's thresholds and absent components"
    )
    group.addoption(
        "--under-fault",
        metavar="RUN",
        help="judge the suite's own cluster although the run with this id keeps something broken in it",
    )
    group.addoption("--reports", metavar="DIR", help=f"where the report goes (default: {DEFAULT_REPORTS}/)")


def _add_chaos(group: pytest.OptionGroup) -> None:
    group.addoption("--allow-chaos", metavar="CONTEXT", help="consent to faults in this foreign context's cluster")
    group.addoption(
        "--dry-run", action="store_true", help="print what would be broken and how it is undone; change nothing"
    )
    group.addoption("--soak", type=positive, default=0.0, metavar="MINUTES", help="minutes of the soak")
    group.addoption(
        "--seed", type=int, default=1, metavar="N", help="seed of the soak's faults, or of a release's order"
    )
    group.addoption(
        "--remedies",
        action="store_true",
        help="in the matrix, run the commands that each cause prints, and wait until it is gone",
    )


def _add_release(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--candidate",
        metavar="WHAT",
        help="the new version of the apps, after a =: a checkout, a folder with a patch, or image:tag",
    )
    group.addoption(
        "--measure-only",
        action="store_true",
        help="facts and rounds beside the pipeline: no roll-out and no failures, and so a no-go or no verdict",
    )
