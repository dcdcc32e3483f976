"""Which addresses and numbers are the same person's: normalised keys, so that duplicates find each other."""

from __future__ import annotations

from webapp.accounts.rules import HOME_CODE, clean_phone

DOTLESS = frozenset({"gmail.com", "googlemail.com"})  # these ignore dots in the local part


def email_key(address: str) -> str:
    """Return what all spellings of one mailbox share: lower case, without "+tag", for Gmail without dots."""
    local, _, domain = address.strip().lower().rpartition("@")
    bare = local.partition("+")[0] or local
    if domain in DOTLESS:
        bare, domain = bare.replace(".", "") or bare, "gmail.com"
    return f"{bare}@{domain}" if local else address.strip().lower()


def phone_key(number: str) -> str:
    """Return "+" and digits, whatever stood between them; an Indian number with a needless 0 loses it.

    Raises:
        ValueError: not a phone number.
    """
    clean = clean_phone(number) or ""
    trunk = HOME_CODE + "0"
    return HOME_CODE + clean[len(trunk) :] if clean.startswith(trunk) and len(clean) == len(trunk) + 10 else clean
