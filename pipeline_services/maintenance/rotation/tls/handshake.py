"""Would a client that trusts only some CAs take a server's certificate? Two ends of a TLS connection in memory."""

from __future__ import annotations

import ssl
import tempfile
from contextlib import suppress
from pathlib import Path

from pipeline_services.model.errors import UnexpectedAnswer


def refusal(certificate: bytes, key: bytes, ca: str, name: str) -> str:
    """Why the client refuses, asking for ``name``; empty where it does not.

    Args:
        certificate, key: the server's, PEM.
        ca: all that the client trusts, PEM.

    Raises:
        UnexpectedAnswer: these are no certificates, or the key is that of another.
    """
    try:
        return _refusal(_server(certificate, key), ssl.create_default_context(cadata=ca), name)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message or str(error)
    except (ssl.SSLError, ValueError) as error:
        raise UnexpectedAnswer(f"no handshake can be tried: {error}") from error


def _server(certificate: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "certificate"), Path(folder, "key")
        for file, content in zip(files, (certificate, key), strict=True):
            file.write_bytes(content)
        context.load_cert_chain(*files)
    return context


def _refusal(serving: ssl.SSLContext, asking: ssl.SSLContext, name: str) -> str:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server, server_hostname=name)
    while True:
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            with suppress(ssl.SSLWantReadError):
                server.do_handshake()
        else:
            return ""
