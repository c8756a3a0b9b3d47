"""The one player of a run, with what it has played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_services.reporting.run.plugin import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.matrix.playing import Player
    from pipeline_services.experiment.pipeline import SteadyPipeline


@pytest.fixture(scope="session")
def player(
    pipeline: SteadyPipeline, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Player]:
    """Plays rows; looks at the pipeline as an operator's account may, where that is the suite's own."""
    from chaos.matrix.playing import Player  # noqa: PLC0415 - a run that only lists cases need not load it
    from chaos.shell import mending, typing  # noqa: PLC0415
    from pipeline_services.model.pipeline import Pipeline  # noqa: PLC0415
    from pipeline_services.model.settings import resolve_target  # noqa: PLC0415
    from pipeline_services.snapshot.live import LivePipeline  # noqa: PLC0415
    from pipeline_services.triage.diagnosis import diagnose  # noqa: PLC0415

    authorized, source = pipeline.authorized, source_of(request.config)
    own = resolve_target(namespace=authorized.target.namespace, pipeline=source.pipeline) if authorized.own else None
    folder, suites_own = source.options.reports / "matrix", pipeline.description is Pipeline.load()
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    rows = sum(spec is not None and "row" in spec.params for spec in specs)
    with LivePipeline(own or authorized.target, source.settings) as looked_at:
        player = Player(
            pipeline,
            lambda: looked_at.snapshot(deep=True),
            lambda snapshot: diagnose(snapshot, source.settings),
            folder if suites_own else folder / pipeline.description.name,
            typing(pipeline),
            rows,
            mending(pipeline, tmp_path_factory.mktemp("kept")) if request.config.getoption("remedies") else None,
        )
        if not suites_own:
            player.note_standing()
        player.before = pipeline.inventory()
        yield player
