"""What InfluxDB holds, read back with InfluxQL: a point of a wrong type cannot hide the others there."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Final

from pipeline_services.audit.records import Records
from pipeline_services.clients.influxdb import Bucket
from pipeline_services.model.errors import readable
from pipeline_services.model.message import Reading

READ_TIMEOUT_S: Final = 60.0
_COLUMNS: Final = "sequence, value, checksum"


def read_store(
    bucket: Bucket, span: tuple[int, int], wanted: Callable[[Reading], bool] = lambda _reading: True
) -> Records:
    """The stored readings with an event time from ``span[0]`` to ``span[1]`` (ns since the epoch, both included).

    The checksum entered is computed from what is stored, so that an altered value shows; a stored checksum that does
    not fit what is stored beside it is entered as -1.

    Raises:
        ServiceUnreachable: InfluxDB does not answer.
        UnexpectedAnswer: its answer cannot be read.
    """
    when, by = f"time >= {span[0]} AND time <= {span[1]}", "producer_id, device_id"
    text = bucket.select_csv(_COLUMNS, when, by=by, timeout_s=READ_TIMEOUT_S)
    with readable("InfluxDB's answer to the audit's query"):
        return stored_records(text, wanted)


def stored_records(text: str, wanted: Callable[[Reading], bool] = lambda _reading: True) -> Records:
    """The records of what an InfluxQL answer in CSV holds."""
    records = Records()
    columns: list[str] = []
    for row in csv.reader(text.splitlines()):
        if not row:
            continue
        if row[0] == "name":
            columns = row
            continue
        fields = dict(zip(columns, row, strict=True))
        tags = dict(pair.split("=", 1) for pair in fields["tags"].split(","))
        reading = Reading(
            tags["producer_id"], tags["device_id"], int(fields["sequence"]), int(fields["time"]), float(fields["value"])
        )
        if wanted(reading):
            checksum = reading.checksum()
            kept = checksum if int(fields["checksum"]) == checksum else -1
            records.add((reading.producer_id, reading.device_id), reading.sequence, kept)
    return records
