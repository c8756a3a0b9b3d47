"""Which HTTP proxy leads to a server, by the rules of kubectl: the kubeconfig's, else that of the environment."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from pipeline_services.model.errors import PreconditionNotMet

PROXY_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. ``credentials`` are user and password; None where it wants none."""

    host: str
    port: int
    credentials: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


def proxy_to(server: str, configured: str = "") -> Proxy | None:
    """The proxy to ask for ``server``; None: the server is asked itself.

    Args:
        configured: the kubeconfig's ``proxy-url``, which goes before ``HTTPS_PROXY`` and ``NO_PROXY``.

    Raises:
        PreconditionNotMet: what is configured is no HTTP proxy.
    """
    url = configured or _of_environment(server)
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        host, port = parts.hostname, parts.port or PROXY_PORT
    except ValueError:
        host = None
    if parts.scheme != "http" or not host:
        where = "proxy-url in the kubeconfig" if configured else "HTTPS_PROXY or HTTP_PROXY"
        raise PreconditionNotMet(
            f"the proxy to the API server {server} is not an http:// address", next_step=f"set {where} to one"
        )
    credentials = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Proxy(host, port, credentials)


def _of_environment(server: str) -> str:
    parts = urlsplit(server)
    proxies = getproxies()
    return "" if _is_direct(parts.hostname or "", proxies.get("no", "")) else proxies.get(parts.scheme, "")


def _is_direct(host: str, exceptions: str) -> bool:
    """Whether no proxy is asked for a host: one of this machine, or one that ``NO_PROXY`` names or whose network."""
    if host == "localhost" or proxy_bypass(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(_is_within(address, entry.strip()) for entry in exceptions.split(","))


def _is_within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, entry: str) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
