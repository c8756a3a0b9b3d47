"""Readings into InfluxDB as line protocol, and what each way to fail means for the caller."""

from __future__ import annotations

from typing import Final

from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from pipeline_services.apps.config import StoreConfig
from pipeline_services.model.message import Reading

MEASUREMENT: Final = "conveyor_reading"
TIMEOUT_MS: Final = 5_000

_REFUSED: Final = {401: "unauthorized", 403: "forbidden", 404: "not-found"}
_UNACCEPTABLE: Final = frozenset({400, 413, 422})


class StoreUnavailable(Exception):
    """Nothing may be committed and nothing dead-lettered: try the same write again later.

    ``reason`` is stable, for a metric's label: unreachable, tls, unauthorized, forbidden, not-found, busy,
    server-error, unexpected. ``for_operator`` is true where waiting alone will not help.
    """

    def __init__(self, reason: str, detail: str, *, for_operator: bool) -> None:
        super().__init__(detail)
        self.reason = reason
        self.for_operator = for_operator


class Unacceptable(Exception):
    """InfluxDB will never take at least one of these lines (400, 413, 422)."""


def line(reading: Reading) -> bytes:
    """The reading as one line. Written twice it is stored once; the types of the fields never vary."""
    return (
        f"{MEASUREMENT},device_id={reading.device_id},producer_id={reading.producer_id} "
        f"checksum={reading.checksum()}i,sequence={reading.sequence}i,value={reading.value!r} {reading.event_time_ns}"
    ).encode()


class Store:
    """One bucket. Calls block for at most about TIMEOUT_MS, so not for the main loop."""

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        self._client = InfluxDBClient(
            url=config.url, token=config.token, org=config.org, timeout=TIMEOUT_MS, ssl_ca_cert=config.ca_file
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: list[bytes]) -> None:
        """Return once InfluxDB has acknowledged all lines.

        Raises:
            StoreUnavailable: try again later.
            Unacceptable: at least one line is bad; the others may be stored or not.
        """
        try:
            self._writer.write(self._config.bucket, self._config.org, b"\n".join(lines), write_precision="ns")
        except ApiException as error:
            raise classified(error) from error
        except (HTTPError, OSError) as error:
            raise StoreUnavailable("unreachable", f"{type(error).__name__}: {error}", for_operator=False) from error

    def ping(self) -> None:
        """Return if InfluxDB answers over a connection that is verified. Raises StoreUnavailable where it does not."""
        try:
            self._client.api_client.call_api("/ping", "GET", _request_timeout=TIMEOUT_MS)
        except ApiException as error:
            raise classified(error) from error
        except (HTTPError, OSError) as error:
            raise StoreUnavailable("unreachable", f"{type(error).__name__}: {error}", for_operator=False) from error


def classified(error: ApiException) -> StoreUnavailable | Unacceptable:
    """What an answer of InfluxDB means. Anything unknown is kept and tried again: that can delay, but never lose."""
    status = error.status or 0
    detail = f"HTTP {status}: {' '.join(str(error.body or error.reason).split())[:300]}"
    if status in _UNACCEPTABLE:
        return Unacceptable(detail)
    if status == 0:  # the client's word for anything that TLS reports, a connection that broke off included
        untrusted = "certificate" in str(error.reason).lower()
        return StoreUnavailable("tls" if untrusted else "unreachable", str(error.reason)[:300], for_operator=untrusted)
    if status in _REFUSED:
        return StoreUnavailable(_REFUSED[status], detail, for_operator=True)
    if status in {429, 503}:
        return StoreUnavailable("busy", detail, for_operator=False)
    if status >= 500:
        return StoreUnavailable("server-error", detail, for_operator=False)
    return StoreUnavailable("unexpected", detail, for_operator=True)
