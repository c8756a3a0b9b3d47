"""Logs as one JSON object a line on standard output, the Kafka client's own lines included."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime

REPEAT_AFTER = 5.0  # seconds
MOST_REMEMBERED = 1_000  # lines


class JsonFormatter(logging.Formatter):
    """``{"time", "level", "logger", "message"}``, and ``"exception"`` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without a line break in it."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class RepeatFilter(logging.Filter):
    """Lets a line of the Kafka client through once in five seconds: it repeats itself while a broker is away."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, int, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a line that was let through less than REPEAT_AFTER seconds ago.

        Warnings of one place count as the same line whatever they say: attempts and time-outs differ in their numbers.
        """
        if not record.name.startswith("kafka"):
            return True
        text = record.getMessage() if record.levelno < logging.WARNING else ""
        key = (record.name, record.lineno, text)
        now = time.monotonic()
        if now - self._seen.get(key, -REPEAT_AFTER) < REPEAT_AFTER:
            return False
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.clear()
        self._seen[key] = now
        return True


def set_up() -> None:
    """Send everything from INFO up to standard output. Call once, first."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("kafka.net", "kafka.cluster"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)  # warns whenever the CPU is scarce for 0.1 s
    logging.captureWarnings(True)
