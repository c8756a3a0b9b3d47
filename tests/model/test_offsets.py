from __future__ import annotations

from pipeline_services.model.offsets import Offsets


def test_the_lag_counts_what_was_never_committed_from_the_first_record_on() -> None:
    offsets = Offsets(5.0, {0: 7, 1: None}, {0: 9, 1: 3, 2: 4})
    assert offsets.lag == 2 + 3 + 4
    assert Offsets.of(offsets.to_dict()).lag == offsets.lag
