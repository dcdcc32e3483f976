"""What the log needs from floors above it: names behind keys, and who may have acted. They register themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Names = Callable[[Iterable[int]], Mapping[int, str]]

_names: dict[str, Names] = {}
_actors: list[Callable[[], list[tuple[str, str]]]] = []
_keys: list[Callable[[str], int | None]] = []


def register_names(kind: str, names: Names) -> None:
    """Say how the keys of a table become names: one statement for all of them."""
    _names[kind] = names


def register_actors(listed: Callable[[], list[tuple[str, str]]], key_of: Callable[[str], int | None]) -> None:
    """Say whom the log's filter offers, as (public id, name), and how a public id becomes a key."""
    _actors[:], _keys[:] = [listed], [key_of]


def names_of(wanted: Mapping[str, set[int]]) -> dict[tuple[str, int], str]:
    """Return the names of keys, kind by kind; at most one statement a kind."""
    found: dict[tuple[str, int], str] = {}
    for kind, keys in wanted.items():
        if kind in _names and keys:
            found.update({(kind, key): name for key, name in _names[kind](sorted(keys)).items()})
    return found


def known_actors() -> list[tuple[str, str]]:
    """Return whom the filter offers."""
    return _actors[0]() if _actors else []


def actor_key(public_id: str) -> int | None:
    """Return the key of an account, None if there is none."""
    return _keys[0](public_id) if _keys else None
