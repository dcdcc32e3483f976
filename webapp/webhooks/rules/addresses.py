"""Which network addresses a webhook may be sent to: public ones, so that nobody can make us knock inside.

Sources: the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates).
"""

from __future__ import annotations

import ipaddress

_V4 = {
    "0.0.0.0/8": "an address of this machine",
    "10.0.0.0/8": "a private address",
    "100.64.0.0/10": "an address inside a provider's network",
    "127.0.0.0/8": "a loopback address",
    "168.63.129.16/32": "a cloud's metadata address",
    "169.254.0.0/16": "a link-local address, where clouds keep their metadata",
    "172.16.0.0/12": "a private address",
    "192.0.0.0/24": "a reserved address",
    "192.0.2.0/24": "an address for documentation",
    "192.88.99.0/24": "a reserved address",
    "192.168.0.0/16": "a private address",
    "198.18.0.0/15": "an address for measurements",
    "198.51.100.0/24": "an address for documentation",
    "203.0.113.0/24": "an address for documentation",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
}
_V6 = {
    "::1/128": "a loopback address",
    "::/128": "an address of this machine",
    "64:ff9b::/96": "a translated address",
    "fc00::/7": "a private address",
    "fe80::/10": "a link-local address",
    "ff00::/8": "a multicast address",
    "2001::/23": "a reserved address",
    "2001:db8::/32": "an address for documentation",
    "2002::/16": "a translated address",
    "3fff::/20": "an address for documentation",
}
_REFUSED_V4 = [(ipaddress.IPv4Network(network), why) for network, why in _V4.items()]
_REFUSED_V6 = [(ipaddress.IPv6Network(network), why) for network, why in _V6.items()]
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def forbidden_address(text: str, *, loopback: bool = False) -> str | None:
    """Say why nothing may be sent to an address; None if it may.

    An IPv4 address written inside IPv6 is judged as what it is. ``loopback`` lets this machine's own
    loopback addresses pass (demo and tests), and nothing else that is not public.
    """
    try:
        address = plain(ipaddress.ip_address(text))
    except ValueError:  # also an IPv6 address with a zone ("fe80::1%eth0") that does not read
        return "not a plain address"
    if address.is_loopback and loopback:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return next((why for network, why in _REFUSED_V4 if address in network), None)
    named = next((why for network, why in _REFUSED_V6 if address in network), None)
    return named or (None if address in _GLOBAL_V6 and address.scope_id is None else "a reserved address")


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps (::ffff:127.0.0.1), else the address itself."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
