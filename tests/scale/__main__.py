"""``python -m tests.scale --pods 5000 FILE``: a healthy snapshot with a crowd in its namespace, to judge and time."""

from __future__ import annotations

from pathlib import Path

from pipeline_services.model.arguments import Parser
from tests.judgements.world import healthy
from tests.scale.crowd import Crowd


def main() -> None:
    parser = Parser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="where the snapshot goes")
    parser.add_argument("--pods", type=int, default=0, help="beside the pipeline's own")
    parser.add_argument("--policies", type=int, default=0, help="beside the pipeline's own")
    parser.add_argument("--events", type=int, default=0, help="beside the pipeline's own")
    parser.add_argument("--log-mb", type=int, default=0, help="beside the pipeline's own")
    options = parser.parse_args()
    crowd = Crowd(options.pods, options.policies, options.events, options.log_mb << 20)
    crowd.beside(healthy().snapshot()).save(options.file)


if __name__ == "__main__":
    main()
