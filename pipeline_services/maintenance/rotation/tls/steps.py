"""Which step of the rotation of TLS comes next, from what the Secret, InfluxDB and the clients show. Pure.

The CA's key is kept nowhere, so a new certificate comes with a new CA. It waits in the Secret until every client
trusts both CAs; then the one from before is kept there until no client trusts its CA. So the Secret tells whether a
rotation is under way. Certificates are known by their fingerprints.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline_services.model.errors import PreconditionNotMet


class Step(StrEnum):
    """The steps in their order."""

    TRUST = "trust both"
    TAKE_UP = "take up both"
    REPLACE = "replace"
    RESTART = "restart InfluxDB"
    DROP = "drop the first CA"
    FORGET = "take up one"
    CLEAN = "clean up"


STEPS: Final = tuple(Step)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there at one moment.

    Attributes:
        secret: its name, for messages.
        bundle: the CAs that the Secret tells clients to trust.
        certificate: the Secret's.
        issuer: the CA of the bundle that signed it; empty where none did.
        served: the certificate that InfluxDB shows.
        waiting: there is a certificate that waits to replace the Secret's.
        waiting_issuer: the CA of the bundle that signed that one; empty where none did, or its key does not fit.
        kept: there is a certificate that was replaced.
        behind: the clients that trust something else than the Secret's bundle, or may.
    """

    secret: str
    bundle: tuple[str, ...]
    certificate: str
    issuer: str
    served: str
    waiting: bool = False
    waiting_issuer: str = ""
    kept: bool = False
    behind: tuple[str, ...] = ()


def next_step(seen: Seen) -> Step | None:
    """The first step that is not done; None where no rotation is under way.

    Raises:
        PreconditionNotMet: Secret and InfluxDB do not belong together, so that no client could verify on the way.
    """
    if not seen.issuer:
        raise PreconditionNotMet(f"the certificate in {seen.secret} is not of a CA in it", next_step="make up")
    if seen.waiting:
        return _before_the_replacement(seen)
    if len(seen.bundle) > 1:
        return _between_two(seen)
    if seen.kept:
        return Step.FORGET if seen.behind else Step.CLEAN
    if seen.served != seen.certificate:
        raise PreconditionNotMet(
            f"InfluxDB serves another certificate than {seen.secret} has",
            next_step="RUNBOOK.md#tls-certificate: delete InfluxDB's pod, which then reads it",
        )
    return None


def _before_the_replacement(seen: Seen) -> Step:
    """A certificate that nobody would trust, or that is of the CA from before, is made anew."""
    if seen.waiting_issuer in ("", seen.issuer):
        return Step.TRUST
    return Step.TAKE_UP if seen.behind else Step.REPLACE


def _between_two(seen: Seen) -> Step:
    if seen.behind:
        return Step.TAKE_UP
    return Step.DROP if seen.served == seen.certificate else Step.RESTART
