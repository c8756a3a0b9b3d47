"""What the names of settings, series and keys usually mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from pipeline_services.model import roles
from pipeline_services.model.k8s import Setting
from pipeline_services.snapshot.redaction import REDACTED

DEAD: Final = r"dead|dlq|dlt|error|invalid|reject|poison"
TOPIC: Final = re.compile(rf"(?i)^(?!.*(?:{DEAD})).*topic(?:_?name)?$")
DEAD_LETTER_TOPIC: Final = re.compile(rf"(?i)(?:{DEAD}).*topic|topic.*(?:{DEAD})")
PARTITIONS: Final = re.compile(r"(?i)partitions$")
MADE_BY_USE: Final = re.compile(r"(?im)^auto[._]create[._]topics[._]enable\s*=\s*true\s*$")
"""Of a line ``name=value``: the broker makes a topic when somebody first asks for it."""
GROUP: Final = re.compile(r"(?i)group(?:_?id|_?name)?$")
ORG: Final = re.compile(r"(?i)influx\w*_org(?:anization)?$|^org$")
BUCKET: Final = re.compile(r"(?i)bucket$")
MEASUREMENT: Final = re.compile(r"(?i)measurement$")
TOKEN: Final = re.compile(r"(?i)token")
BOOTSTRAP: Final = re.compile(r"(?i)bootstrap|broker|kafka_?(?:address|addr|hosts?|servers?|url)$")
SECURITY_PROTOCOL: Final = re.compile(r"(?i)security_?protocol$")
SASL_MECHANISM: Final = re.compile(r"(?i)mechanism$")
LEADS_TO: Final[Mapping[str, re.Pattern[str]]] = {
    roles.KAFKA: re.compile(r"(?i)kafka|broker|bootstrap|topic|group|partition"),
    roles.INFLUXDB: re.compile(r"(?i)influx|bucket|measurement"),
}
"""Which component a setting is for, by its key."""
_FAILED: Final = r"fail|error|drop|reject|retr"
MEANINGS: Final[Mapping[str, re.Pattern[str]]] = {
    "produced": re.compile(rf"^(?!.*(?:{_FAILED}))\w*(?:produced|produce|sent|published)\w*_total$"),
    "consumed": re.compile(rf"^(?!.*(?:{_FAILED}))\w*(?:consumed|received)\w*_total$"),
    "written": re.compile(rf"^(?!.*(?:{_FAILED}))\w*(?:written|writes?|stored|points)\w*_total$"),
    "write_failures": re.compile(rf"^\w*(?:writ|influx|store)\w*(?:{_FAILED})\w*_total$"),
    "dead_lettered": re.compile(r"^\w*(?:dead_?letter|dlq)\w*_total$"),
    "latency_bucket": re.compile(r"^\w*(?:end_to_end|e2e|latency)\w*_bucket$"),
    "oldest_unacknowledged": re.compile(r"^\w*unacknowledged\w*$"),
    "name_resolves": re.compile(r"^\w*name_resolves$"),
    "consumer_lag": re.compile(r"^\w*consumer\w*_lag(?:_sum|_records)?$"),
}
"""What a series counts, by its name."""
CONFLUENT: Final = re.compile(r"confluent|cp-kafka|cp-server")
"""Images whose Kafka commands have no ending."""
_SERIES: Final = re.compile(r"\b[a-z][a-z0-9_]{3,}\b")
_COUNTER: Final = re.compile(r"""\bCounter\(\s*["'](\w+)["']""")
"""A counter of the client library for Python, which adds ``_total`` where the name has none."""
POINT: Final = re.compile(r"""\b(?:Point\(|measurement["']?\s*[:=])\s*["']([\w-]+)["']""")
FIELD: Final = re.compile(r"""\.field\(\s*["']([\w-]+)["']""")
MEASURED: Final = re.compile(r"""(?i)\bFROM\s+\\?["']?(?P<influxql>\w+)|_measurement\s*==\s*\\?["'](?P<flux>[\w-]+)""")


def first(settings: Iterable[Setting], name: re.Pattern[str]) -> Setting | None:
    """The first setting of such a name that has a value which is no secret."""
    return next((one for one in settings if name.search(one.name) and one.value and REDACTED not in one.value), None)


def measurement_in(text: str) -> str:
    """The measurement that a query asks for; empty where it asks for none."""
    found = MEASURED.search(text)
    return (found["influxql"] or found["flux"]) if found else ""


def series_in(text: str) -> set[str]:
    """Every word of a text that may be the name of a series."""
    counted = {f"{name.removesuffix('_total')}_total" for name in _COUNTER.findall(text)}
    return counted | set(_SERIES.findall(text))


def series_by_meaning(names: Iterable[str]) -> dict[str, str]:
    """What each meaning is counted by: of several names the shortest."""
    ordered = sorted(set(names), key=lambda name: (len(name), name))
    found = {meaning: next(filter(words.search, ordered), "") for meaning, words in MEANINGS.items()}
    return {meaning: name for meaning, name in found.items() if name}
