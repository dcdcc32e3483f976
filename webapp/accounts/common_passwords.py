"""The 10,000 commonest passwords, as the zxcvbn package ships them: what is tried first is refused."""

from __future__ import annotations

import functools

COUNTED = 10_000


def is_common(password: str) -> bool:
    """Tell whether a password is one of the 10,000 commonest, whatever the case of its letters."""
    return password.lower() in _commonest()


@functools.cache
def _commonest() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 0.2 s to load, and most workers never set a password

    return frozenset(FREQUENCY_LISTS["passwords"][:COUNTED])
