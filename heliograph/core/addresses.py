"""The network address of whoever asks, seen through the proxies that are trusted and no others."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


def of_client(remote: str, forwarded_for: str, trusted: tuple[str, ...]) -> str:
    """The first address, from the right, that is not a trusted proxy's; the peer's when it is not trusted.

    What a client writes into X-Forwarded-For itself stands further left and is never reached: a hop that cannot be
    read ends the walk at the proxy that wrote it. An address that is none (a Unix socket, at whose other end only a
    proxy on this machine can be) is the empty text.
    """
    address = _plain(remote)
    if not trusted:
        return address
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and (not address or _is_trusted(address, trusted)):
        before = _plain(_without_port(hops.pop()))
        if not before:
            break
        address = before
    return address


def is_loopback(host: str) -> bool:
    """Whether a name or an address, as it stands in a URL or a Host header without its port, means this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    return ip_address(_plain(host.strip("[]")) or "::").is_loopback


def household(address: str) -> str:
    """What counts as one visitor when limits are counted: an IPv4 address, or an IPv6 /64 (one customer's own
    network, from which they may send with 2**64 addresses).
    """
    plain = _plain(address)
    if ":" not in plain:
        return plain or address
    return str(ip_network(f"{plain}/64", strict=False))


@lru_cache(maxsize=64)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in trusted)


def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    return any(ip_address(address) in network for network in _networks(trusted))


def _without_port(hop: str) -> str:
    """`203.0.113.5:4711` and `[2001:db8::1]:55`, as some proxies write them, without what is no address."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    try:
        address = ip_address(text.split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
