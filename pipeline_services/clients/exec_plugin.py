"""Credentials from the program that a kubeconfig names, as kubectl asks it (``users[].user.exec``)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline_services.clients import shell
from pipeline_services.clients.refusals import quoted
from pipeline_services.model.errors import PreconditionNotMet
from pipeline_services.model.failures import CommandFailed

ANSWERS_WITHIN_S: Final = 15.0
"""One that takes longer waits for a person to log in: nobody is asked in a check."""
_NOT_STARTED: Final = 127


def credentials(plugin: Mapping[str, Any], folder: Path, cluster: Mapping[str, Any], login: str) -> Mapping[str, str]:
    """The ``status`` of the plugin's ExecCredential: ``token``, or ``clientCertificateData`` and ``clientKeyData``.

    Args:
        plugin: the entry in the kubeconfig.
        folder: of the kubeconfig: a command with a slash in it starts from there.
        cluster: its entry, for a plugin that asks for it (``provideClusterInfo``).
        login: a command for kubectl with which a person logs in.

    Raises:
        PreconditionNotMet: the plugin is not installed, failed, took too long or answered something else.
    """
    name = str(plugin["command"])
    command = [str(folder / name) if os.sep in name else name, *map(str, plugin.get("args") or ())]
    with tempfile.NamedTemporaryFile() as log:
        try:
            said = shell.run(
                command,
                log=Path(log.name),
                answer=True,
                env=_environment(plugin, cluster),
                what=f"exec plugin {name}",
                timeout=ANSWERS_WITHIN_S,
            )
        except CommandFailed as error:
            raise PreconditionNotMet(_why(error), next_step=_next(plugin, error.code, login)) from error
    return _status(said, plugin, name, login)


def _environment(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    spec = {"interactive": False, **({"cluster": _info(cluster)} if plugin.get("provideClusterInfo") else {})}
    info = {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}
    given = {str(one["name"]): str(one["value"]) for one in plugin.get("env") or ()}
    return {**given, "KUBERNETES_EXEC_INFO": json.dumps(info)}


def _info(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster's entry, with what the kubeconfig's extensions hold for the plugin."""
    extensions = cluster.get("extensions") or ()
    own = [one["extension"] for one in extensions if one["name"] == "client.authentication.k8s.io/exec"]
    plain = {key: value for key, value in cluster.items() if key != "extensions"}
    return plain | {"config": own[0]} if own else plain


def _why(error: CommandFailed) -> str:
    if error.code == _NOT_STARTED and not error.tail:
        return f"{error.message.partition(' failed ')[0]} cannot be started"
    return f"{error.message}: {quoted(error.tail)}" if error.tail else error.message


def _next(plugin: Mapping[str, Any], code: int, login: str) -> str:
    if code == _NOT_STARTED:
        return quoted(plugin.get("installHint") or f"install {plugin['command']}")
    return f"{login} get --raw /readyz, which lets you log in; then the same command again"


def _status(said: str, plugin: Mapping[str, Any], name: str, login: str) -> Mapping[str, str]:
    try:
        answer = json.loads(said)
        status = answer["status"] if answer["apiVersion"] == plugin["apiVersion"] else {}
    except (ValueError, KeyError, TypeError):  # its text may hold a credential
        status = {}
    if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
        raise PreconditionNotMet(
            f"exec plugin {name} gave no credentials of {plugin['apiVersion']}", next_step=_next(plugin, 0, login)
        )
    return status
