"""Are the exemptions of a description for checks that there are?"""

from __future__ import annotations

from pipeline_services.checklist.checks import CHECKS, cases
from pipeline_services.model.pipeline import Pipeline
from pipeline_services.model.toml_table import require_one_of


def require_known(pipeline: Pipeline) -> None:
    """Raise ``PreconditionNotMet``, with the nearest id, where an exemption names a check that there is not.

    A check of a component that the pipeline lacks is known all the same: an exemption may outlive its component.
    """
    if not pipeline.exemptions:
        return
    known = {*CHECKS, *(str(case.id) for case in cases(pipeline))}
    for one in pipeline.exemptions:
        if one.check not in known:
            require_one_of("exemptions.check", one.check, sorted(known))
