"""E-mail addresses, phone numbers and names of people."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from rapport.workspace.crm.records.values import UnfitError, shown

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\".]+(\.[^@\s<>,;\".]+)*\.[^@\s<>,;\".\d]{2,}")
_ANGLED = re.compile(r".*<([^<>]+)>\s*")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")
_MARKS = str.maketrans("", "", " -()./\u00a0")


def read_email(cell: object) -> str:
    """The address, lower-cased. Raises UnfitError where it is none."""
    text = str(cell).strip().removeprefix("mailto:")
    if "<" in text and (angled := _ANGLED.fullmatch(text)):
        text = angled[1].strip()
    if _ADDRESS.fullmatch(text) is None or len(text) > 254:
        raise UnfitError(f"{shown(cell)} is no e-mail address")
    return text.lower()


def read_phone(cell: object, *, country: str) -> str:
    """The number as E.164 where its country can be told, else as it is."""
    text = str(cell).strip()
    plain = text.translate(_MARKS)
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if _INTERNATIONAL.fullmatch(plain):
        return plain
    return _national(text, country) if country else text


@lru_cache(maxsize=50_000)
def _national(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def split_name(text: str) -> tuple[str, str]:
    """(first, last) of a full name: "Ann Lee", "Lee, Ann"; one word alone is the last name."""
    last, comma, first = (part.strip() for part in text.partition(","))
    if comma and first:
        return first, last
    words = text.split()
    return (" ".join(words[:-1]), words[-1]) if words else ("", "")


def domain_of(address: str) -> str:
    """The domain of a web address, without www: `https://www.Example.com/x` -> example.com."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", address.strip().lower()).split("/")[0].split("?")[0]
    return host.split("@")[-1].split(":")[0].removeprefix("www.")
