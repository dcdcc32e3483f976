"""Writes a small database of places in MaxMind's format (version 2.0), IPv4 only, 24-bit records."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_EMPTY = -1
_STRING, _MAP, _UINT16, _UINT32, _UINT64, _ARRAY = 2, 7, 5, 6, 9, 11


def write_database(path: Path, places: dict[str, dict[str, Any]]) -> None:
    """Write ``places``: network → record. Networks may not overlap."""
    data, tree = b"", [[_EMPTY, _EMPTY]]
    leaves: dict[tuple[int, int], int] = {}
    for network, record in places.items():
        _grow(tree, leaves, ipaddress.IPv4Network(network), len(data))
        data += _encode(record)
    count = len(tree)
    nodes = b""
    for number, node in enumerate(tree):
        for side in (0, 1):
            if (number, side) in leaves:
                value = count + 16 + leaves[number, side]
            else:
                value = count if node[side] == _EMPTY else node[side]
            nodes += value.to_bytes(3, "big")
    about = {
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, 1),
        "database_type": "Test-City",
        "description": {"en": "A test"},
        "ip_version": (_UINT16, 4),
        "languages": ["en"],
        "node_count": (_UINT32, count),
        "record_size": (_UINT16, 24),
    }
    path.write_bytes(nodes + bytes(16) + data + _MARKER + _encode(about))


def _grow(
    tree: list[list[int]], leaves: dict[tuple[int, int], int], network: ipaddress.IPv4Network, offset: int
) -> None:
    bits = f"{int(network.network_address):032b}"[: network.prefixlen]
    at = 0
    for bit in bits[:-1]:
        if tree[at][int(bit)] == _EMPTY:
            tree.append([_EMPTY, _EMPTY])
            tree[at][int(bit)] = len(tree) - 1
        at = tree[at][int(bit)]
    leaves[at, int(bits[-1])] = offset


def _encode(value: Any) -> bytes:
    if isinstance(value, dict):
        return _head(_MAP, len(value)) + b"".join(_encode(key) + _encode(part) for key, part in value.items())
    if isinstance(value, list):
        return _head(_ARRAY, len(value)) + b"".join(_encode(part) for part in value)
    if isinstance(value, tuple):
        kind, number = value
        raw: bytes = int(number).to_bytes(8, "big").lstrip(b"\x00")
        return _head(kind, len(raw)) + raw
    raw = str(value).encode()
    return _head(_STRING, len(raw)) + raw


def _head(kind: int, size: int) -> bytes:
    """Write a control byte: sizes below 29 are all we need; a kind above 7 has a byte of its own."""
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])
