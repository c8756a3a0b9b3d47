"""The suite's own pipeline under other names: whatever a person may choose is called differently in it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from pipeline_services.model.pipeline import OWN, Pipeline
from pipeline_services.model.toml_table import read_toml

_WORKLOADS: Final = {
    "kafka": "bus",
    "influxdb": "series",
    "producer": "gateway",
    "processor": "etl",
    "prometheus": "scraper",
    "loki": "archive",
    "log-shipper": "tailer",
    "grafana": "boards",
}
_SECRETS: Final = {
    "pipeline-secrets": "series-writer",
    "influxdb-read": "series-reader",
    "influxdb-tls": "series-certificate",
    "influxdb-admin": "series-keeper",
}
_TOPICS: Final = {
    "readings": "measurements",
    "partitions": 6,
    "dead_letters": "measurements-unreadable",
    "group": "etl-readers",
}
_STORE: Final = {"org": "works", "bucket": "measured", "measurement": "value"}


@cache
def other_pipeline() -> Pipeline:
    """Its description; the components, ports, flows and promises are those of the suite's own."""
    own = read_toml(OWN, "the suite's own description")
    topics = {**_TOPICS, "settings": own["topics"]["settings"]}
    board = own["dashboard"]
    return Pipeline.from_document(
        {
            **own,
            "name": "works",
            "namespace": "works-7",
            "series_label": "service",
            "components": {name: _component(table) for name, table in own["components"].items()},
            "topics": topics,
            "store": {**_STORE, "retention_s": own["store"]["retention_s"]},
            "config": _config(own["config"]),
            "metrics": {meaning: f"works_{meaning}" for meaning in own["metrics"]},
            "dashboard": {
                **board,
                "title": "Works",
                "uid": "works-board",
                "admin": "boards-keeper",
                "datasources": {component: f"from-{_WORKLOADS[component]}" for component in board["datasources"]},
            },
        }
    )


def without(component: str) -> Pipeline:
    """The suite's own pipeline without a component, and without what is a part of it or connects to it."""
    document = Pipeline.load().document()
    known = document["components"]
    gone = {component, *(name for name, table in known.items() if table.get("part_of") == component)}
    document["components"] = {
        name: {**table, "affects": [one for one in table.get("affects", []) if one not in gone]}
        for name, table in known.items()
        if name not in gone
    }
    document["cluster"] = {name: one for name, one in document["cluster"].items() if one["component"] not in gone}
    document["flows"] = [one for one in document["flows"] if not gone & {one["source"], one["destination"]}]
    for table, key in ((document["config"], "settings"), (document["dashboard"], "datasources")):
        table[key] = {name: value for name, value in table[key].items() if name not in gone}
    document["exemptions"] = []  # they may name checks that it has no more
    return Pipeline.from_document(document)


def _component(own: dict[str, Any]) -> dict[str, Any]:
    if "workload" not in own:
        return own
    name = _WORKLOADS.get(own["workload"], f"other-{own['workload']}")
    other = {
        "workload": name,
        "container": f"{name}-main",
        "selector": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "works"},
        "service": {**own.get("service", {}), "name": f"{name}-svc"},
        "headless": f"{name}-each",
        "volume": f"disk-{name}-0" if own["kind"] == "StatefulSet" else f"disk-of-{name}",
        "mount": f"/srv/{name}",
        "autoscaler": {**own.get("autoscaler", {}), "name": f"{name}-scaler"},
    }
    return {**own, **{key: value for key, value in other.items() if key in own}}


def _config(own: dict[str, Any]) -> dict[str, Any]:
    secrets = {_SECRETS[name]: [*keys] for name, keys in own["secrets"].items()}
    secrets["series-writer"] = ["write"]
    return {
        "config_map": "works-settings",
        "load": own["load"],
        "settings": {part: _renamed(settings) for part, settings in own["settings"].items()},
        "secrets": secrets,
        "write_token": {"secret": "series-writer", "key": "write"},
        "read_token": {"secret": "series-reader", "key": "token"},
        "tls": "series-certificate",
        "admin": "series-keeper",
    }


def _renamed(settings: dict[str, str]) -> dict[str, str]:
    """The settings with the names of this pipeline: of a Service by its workload, of topics and bucket in full."""
    own = read_toml(OWN, "the suite's own description")
    names = {own["topics"][key]: value for key, value in _TOPICS.items()}
    names |= {own["store"][key]: value for key, value in _STORE.items()}
    return {key: str(names.get(value, _with_service(value))) for key, value in settings.items()}


def _with_service(value: str) -> str:
    return re.sub(r"([a-z-]+)-service\b", lambda found: f"{_WORKLOADS.get(found[1], f'other-{found[1]}')}-svc", value)
