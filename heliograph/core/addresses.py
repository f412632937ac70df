"""The network address of whoever asks, seen through the proxies that are trusted and no others."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


def of_client(remote: str, forwarded_for: str, trusted: tuple[str, ...]) -> str:
    """The first address, from the right, that is not a trusted proxy's; the peer's when it is not trusted.

    What a client writes into X-Forwarded-For itself stands further left and is never reached.
    An address that is none (a Unix socket) is the empty text.
    """
    address = _plain(remote)
    if not trusted:
        return address
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while _is_trusted(address, trusted) and hops:
        address = _plain(hops.pop())
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
    if not address:
        return True  # a Unix socket: only a proxy on this machine can be at its other end
    return any(ip_address(address) in network for network in _networks(trusted))


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    try:
        address = ip_address(text.split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
