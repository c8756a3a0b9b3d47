"""InfluxDB, read only: health, the newest reading, and whether a token is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pipeline_services.clients.http import Answer, HttpApi
from pipeline_services.model.configuration import Store
from pipeline_services.model.errors import UnexpectedAnswer

NANO: Final = 1_000_000_000
LOOK_BACK: Final = "1h"


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest reading's event time (epoch seconds; None: none within an hour) and the readings of a minute."""

    time: float | None
    points_1m: int


class InfluxStore:
    """Asks InfluxDB.

    Args:
        http: a connection that checks the certificate, for everything that carries a token.
        unchecked: one that does not, for the health call, which is to work when only the certificate is wrong.
        store: the bucket and the measurement.
    """

    def __init__(self, http: HttpApi | None, unchecked: HttpApi, store: Store) -> None:
        self._http = http
        self._unchecked = unchecked
        self._store = store

    def health(self) -> Answer:
        """What ``/health`` says."""
        return self._unchecked.ask("/health")

    def token_status(self, token: str) -> int:
        """The HTTP status with which a token may look for its bucket: 200 when it is accepted, else 401."""
        answer = self._checked().ask("/api/v2/buckets", {"name": self._store.bucket}, headers=_token(token))
        return answer.status

    def newest(self, token: str) -> Newest:
        """The newest reading and how many came within a minute.

        Raises:
            AccessDenied: the token may not read the bucket.
            UnexpectedAnswer: the query was not answered as InfluxQL should be.
        """
        last = self._select("LAST(value)", LOOK_BACK, token)
        count = self._select("COUNT(value)", "1m", token)
        return Newest(last[0] / NANO if last else None, int(count[1]) if count else 0)

    def _select(self, what: str, since: str, token: str) -> list[Any]:
        """One row: time in ns, value; or none."""
        statement = f"SELECT {what} FROM {self._store.measurement} WHERE time > now() - {since}"
        query = {"db": self._store.bucket, "epoch": "ns", "q": statement}
        document = self._checked().ask_json("/query", query, headers=_token(token))
        try:
            result = document["results"][0]
            if "error" in result:
                raise UnexpectedAnswer(f"InfluxDB does not answer {statement}: {result['error']}")
            return list(result["series"][0]["values"][0]) if result.get("series") else []
        except (KeyError, IndexError, TypeError) as error:
            raise UnexpectedAnswer(f"InfluxDB's answer to {statement} cannot be read: {error}") from error

    def _checked(self) -> HttpApi:
        if self._http is None:
            raise UnexpectedAnswer("the Secret with the store's certificate has no CA certificate: no token is sent")
        return self._http


def _token(token: str) -> dict[str, str]:
    return {"Authorization": f"Token {token}"}
