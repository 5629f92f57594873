"""Numbers, hashes and bytes as a mock transaction writes them: texts of hexadecimal digits after 0x."""

from __future__ import annotations

import re
from typing import Any, ClassVar

_DIGITS = re.compile(r"[0-9a-fA-F]*")
_SHOWN_MAX = 40
_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    int: "a number",
    float: "a number",
    bool: "a truth value",
    type(None): "null",
}


class Number(int):
    """A number; ``0x0`` for zero, and no other begins with 0."""

    bits: ClassVar[int]


class U32(Number):
    """Of 32 bits."""

    bits = 32


class U64(Number):
    """Of 64 bits."""

    bits = 64


class U128(Number):
    """Of 128 bits."""

    bits = 128


class Hash(bytes):
    """32 bytes."""


class Hex(bytes):
    """Any number of bytes."""


class HashType(int):
    """A script's hash type: ``data``, ``type``, ``data1``, ``data2``, and on to ``data127``: no rule is for these."""


def decode(wanted: type[Any], value: Any) -> Any:
    """One of these of what is in the file; raises :class:`ValueError`, which says what is wrong with it."""
    if not isinstance(value, str):
        raise ValueError(f"{_kind_of(value)} is no text: {_form(wanted)}")
    if issubclass(wanted, HashType):
        return _hash_type(value)
    if not value.startswith("0x"):
        raise ValueError(f"{_shown(value)} does not begin with 0x: {_form(wanted)}")
    digits = value[2:]
    return _number(wanted, value, digits) if issubclass(wanted, Number) else _bytes(wanted, value, digits)


def _bytes(wanted: type[Any], value: str, digits: str) -> Any:
    try:
        content = bytes.fromhex(digits)
    except ValueError:
        content = b""
    if 2 * len(content) != len(digits):  # or it has skipped spaces
        wrong = "an odd number of digits" if _DIGITS.fullmatch(digits) else "something else than hexadecimal digits"
        raise ValueError(f"{_shown(value)} has {wrong}: {_form(wanted)}")
    if issubclass(wanted, Hash) and len(content) != 32:
        raise ValueError(f"{_shown(value)} has {len(content)} bytes: {_form(wanted)}")
    return wanted(content)


def encode(value: Any) -> str:
    """The text for one of these, in lower case."""
    if isinstance(value, HashType):
        return "type" if value == 1 else f"data{value // 2 or ''}"
    return hex(value) if isinstance(value, int) else f"0x{value.hex()}"


def _number(wanted: type[Number], value: str, digits: str) -> Number:
    if _DIGITS.fullmatch(digits) is None:
        raise ValueError(f"{_shown(value)} has something else than hexadecimal digits: {_form(wanted)}")
    if not digits or (digits[0] == "0" and digits != "0"):
        raise ValueError(f"{_shown(value)} {'has zeros in front' if digits else 'has no digits'}: {_form(wanted)}")
    number = int(digits, 16) if len(digits) <= wanted.bits // 4 else None
    if number is None:
        raise ValueError(f"{_shown(value)} is more than {wanted.bits} bits hold")
    return wanted(number)


def _hash_type(value: str) -> HashType:
    if value == "type":
        return HashType(1)
    found = re.fullmatch(r"data([1-9]\d{0,2})?", value)
    if found is None or int(found[1] or 0) > 127:
        raise ValueError(f"{_shown(value)} is no hash type: data, type, data1 or data2")
    return HashType(2 * int(found[1] or 0))


def _form(wanted: type[Any]) -> str:
    if issubclass(wanted, Number):
        return 'a number is a text such as "0x1f" ("0x0" for zero)'
    if issubclass(wanted, Hash):
        return 'a hash is a text of "0x" and 64 hexadecimal digits'
    return 'bytes are a text such as "0x00ff" ("0x" for none)'


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]!r}... ({len(value):,} characters)"


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), "this")
