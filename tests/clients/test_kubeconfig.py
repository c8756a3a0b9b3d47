"""A kubeconfig is read as kubectl reads it, and stays as it is."""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_services.clients import exec_plugin
from pipeline_services.clients.kubeconfig import Access
from pipeline_services.model.errors import PreconditionNotMet
from tests.clients.certificate_maker import issue

SERVED = (
    b"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: %s}}]"
)
CA = issue("the CA")
CLIENT = issue("reader", by=CA)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def written(
    file: Path, *, name: str = "plant", cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None
) -> Path:
    document = {
        "current-context": name,
        "clusters": [{"name": f"{name}-cluster", "cluster": {"server": f"https://{name}:6443/", **(cluster or {})}}],
        "users": [{"name": f"{name}-user", "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": f"{name}-cluster", "user": f"{name}-user"}}],
    }
    file.write_text(yaml.safe_dump(document))
    return file


def test_what_is_written_in_it(tmp_path: Path) -> None:
    cluster = {
        "certificate-authority-data": b64(CA.certificate),
        "tls-server-name": "kubernetes",
        "proxy-url": "http://p:1",
    }
    user = {"client-certificate-data": b64(CLIENT.certificate), "client-key-data": b64(CLIENT.key), "token": "t"}
    access = Access.load(str(written(tmp_path / "config", cluster=cluster, user=user)))
    assert access == Access(
        context="plant",
        server="https://plant:6443",
        ca=CA.certificate.decode(),
        server_name="kubernetes",
        certificate=CLIENT.certificate.decode(),
        key=CLIENT.key.decode(),
        token="t",
        proxy="http://p:1",
    )
    context = access.tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_what_lies_beside_it(tmp_path: Path) -> None:
    for name, data in (
        ("ca.crt", CA.certificate),
        ("me.crt", CLIENT.certificate),
        ("me.key", CLIENT.key),
        ("t", b"tok\n"),
    ):
        (tmp_path / name).write_bytes(data)
    user = {"client-certificate": "me.crt", "client-key": str(tmp_path / "me.key"), "tokenFile": "t", "token": "old"}
    access = Access.load(str(written(tmp_path / "config", cluster={"certificate-authority": "ca.crt"}, user=user)))
    assert (access.ca, access.token) == (CA.certificate.decode(), "tok")
    assert (access.certificate, access.key) == (CLIENT.certificate.decode(), CLIENT.key.decode())


def test_a_server_whose_certificate_is_not_checked(tmp_path: Path) -> None:
    context = Access.load(str(written(tmp_path / "config", cluster={"insecure-skip-tls-verify": True}))).tls()
    assert context.verify_mode is ssl.CERT_NONE


def test_several_files_are_one_and_the_first_wins(tmp_path: Path) -> None:
    one, two = written(tmp_path / "one", name="a", user={"token": "1"}), written(tmp_path / "two", name="b")
    shadow = written(tmp_path / "three", name="a", user={"token": "3"})
    files = os.pathsep.join(map(str, (tmp_path / "gone", one, two, shadow)))
    assert Access.load(files).context == "a"
    assert Access.load(files, "b").server == "https://b:6443"
    assert Access.load(files, "a").token == "1"


def test_a_program_is_asked_for_the_token(tmp_path: Path) -> None:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "asked"},
    }
    (tmp_path / "login.py").write_text(f"print({json.dumps(json.dumps(credential))})")
    plugin = {"apiVersion": credential["apiVersion"], "command": sys.executable, "args": [str(tmp_path / "login.py")]}
    file = written(tmp_path / "config", user={"exec": {**plugin, "interactiveMode": "Never"}})
    assert Access.load(str(file)).token == "asked"


EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
LOG_IN = "get --raw /readyz, which lets you log in"


@pytest.mark.parametrize(
    ("plugin", "said", "todo"),
    [
        (
            {"command": "no-such-plugin"},
            r"no-such-plugin \(No such file.*\) cannot be started",
            "install no-such-plugin",
        ),
        ({"command": "./gone", "installHint": "brew install x"}, "exec plugin ./gone", "brew install x"),
        ({"command": "sh", "args": ["-c", "echo expired >&2; exit 3"]}, r"failed \(exit code 3\): expired", LOG_IN),
        ({"command": "sleep", "args": ["100"]}, r"no end after 0\.3 s", LOG_IN),
        ({"command": "echo", "args": ["hello"]}, "exec plugin echo gave no credentials of client.auth", LOG_IN),
        (
            {"command": "echo", "args": ['{"apiVersion": "v0", "status": {"token": "x"}}']},
            "gave no credentials",
            LOG_IN,
        ),
        ({"command": "echo", "args": ["[]"]}, "gave no credentials", LOG_IN),
    ],
    ids=["not installed", "with a hint", "fails", "hangs", "no JSON", "another version", "a list"],
)
def test_a_plugin_that_gives_no_credentials_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: dict[str, Any], said: str, todo: str
) -> None:
    monkeypatch.setattr(exec_plugin, "ANSWERS_WITHIN_S", 0.3)
    file = written(tmp_path / "config", user={"exec": EXEC | plugin})
    with pytest.raises(PreconditionNotMet, match=said) as caught:
        Access.load(str(file))
    assert todo in caught.value.next_step
    assert "\n" not in str(caught.value)


def test_a_plugin_is_asked_as_kubectl_asks_it(tmp_path: Path) -> None:
    script = tmp_path / "login.py"
    script.write_text(
        "import json, os\n"
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "found = {'clientCertificateData': info['spec']['cluster']['server'], 'clientKeyData': os.environ['ROLE']}\n"
        "print(json.dumps({'apiVersion': info['apiVersion'], 'status': found}))\n"
    )
    asks = {"command": sys.executable, "args": [str(script)], "env": [{"name": "ROLE", "value": "reader"}]}
    file = written(tmp_path / "config", user={"exec": EXEC | asks | {"provideClusterInfo": True}})
    access = Access.load(str(file))
    assert (access.certificate, access.key, access.token) == ("https://plant:6443/", "reader", "")


def test_a_provider_that_gives_no_credentials_is_one_line(tmp_path: Path) -> None:
    file = written(tmp_path / "config", user={"auth-provider": {"name": "gcp"}})
    with pytest.raises(
        PreconditionNotMet, match="the auth-provider that context plant names gave no credentials"
    ) as no:
        Access.load(str(file))
    assert "object" not in str(no.value)


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({"certificate-authority-data": "%%%"}, {}),
        ({"certificate-authority": "gone.crt"}, {}),
        ({"server": None, "certificate-authority-data": b64(b"\xff")}, {}),
        ({"server": "https://plant:99999"}, {}),
        ({"server": "https://plant:0"}, {}),
        ({"server": "https://plant\x00:6443"}, {}),
        ({}, {"client-certificate-data": "x"}),
        ({}, {"tokenFile": "gone"}),
    ],
)
def test_a_broken_entry_is_one_line(tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any]) -> None:
    with pytest.raises(PreconditionNotMet, match="cannot use the kubeconfig") as caught:
        Access.load(str(written(tmp_path / "config", cluster=cluster, user=user)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("cluster", "user", "said"),
    [
        (
            {},
            {"client-certificate-data": b64(b"no"), "client-key-data": b64(b"no")},
            "client-certificate and client-key",
        ),
        (
            {},
            {"client-certificate-data": b64(CLIENT.certificate), "client-key-data": b64(CA.key)},
            "do not belong together",
        ),
        ({"certificate-authority-data": b64(b"no")}, {}, "certificate-authority of context plant are no certificates"),
    ],
)
def test_a_certificate_that_is_none_is_one_line(
    tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any], said: str
) -> None:
    with pytest.raises(PreconditionNotMet, match=said) as caught:
        Access.load(str(written(tmp_path / "config", cluster=cluster, user=user))).tls()
    assert "_ssl" not in str(caught.value)
    assert str(tmp_path / "config") in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"- a list", "it is YAML, but no kubeconfig"),
        (b"a string", "it is YAML, but no kubeconfig"),
        (b"\x00\xff\xfe", "it is not text"),
        (b"current-context: a\ncontexts: [{name: a, context: {}}]", "an entry of it has no cluster"),
        (b"current-context: a\ncontexts: {}", "there is no context a"),
        (b"contexts: 7", "it is YAML, but no kubeconfig"),
        (SERVED % b"null", "the server of context a is no http:// or https:// address: None"),
        (SERVED % b"plant:6443", "the server of context a is no http:// or https:// address: plant:6443"),
    ],
    ids=["list", "string", "binary", "no-cluster", "no-context", "number", "no-server", "no-address"],
)
def test_what_is_no_kubeconfig_is_said_without_python(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "config").write_bytes(content)
    with pytest.raises(PreconditionNotMet, match=said) as caught:
        Access.load(str(tmp_path / "config"))
    assert not re.search(r"\n|Error\b|attribute|object", str(caught.value))


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "config", cluster={"certificate-authority": "gone.crt"})
    with pytest.raises(PreconditionNotMet, match=rf"kubeconfig {file}: {tmp_path}/gone.crt: no such file or directory"):
        Access.load(str(file))


def test_how_kubectl_asks_the_same_cluster(tmp_path: Path) -> None:
    one, two = written(tmp_path / "my config"), written(tmp_path / "two", name="b")
    assert Access.load(str(one)).kubectl == f"kubectl --kubeconfig '{one}' --context plant"
    both = f"{one}{os.pathsep}{two}"
    assert Access.load(both, "b").kubectl == f"KUBECONFIG='{both}' kubectl --context b"


def test_a_cluster_that_is_missing(tmp_path: Path) -> None:
    file = written(tmp_path / "config")
    file.write_text(file.read_text().replace("cluster: plant-cluster", "cluster: other"))
    with pytest.raises(PreconditionNotMet, match="no cluster other"):
        Access.load(str(file))


def test_no_current_context_names_those_that_there_are(tmp_path: Path) -> None:
    file = written(tmp_path / "config")
    file.write_text(file.read_text().replace("current-context: plant", "current-context: ''"))
    with pytest.raises(PreconditionNotMet, match=r"no current context in .*; contexts are: plant"):
        Access.load(str(file))


def test_a_broken_file_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("users:\n- name: me\n  user: {token: c4n4ry-8FzQ2v\n")
    with pytest.raises(PreconditionNotMet, match=r"not YAML \(line") as caught:
        Access.load(str(file))
    assert "c4n4ry" not in str(caught.value)
    assert caught.value.__suppress_context__
