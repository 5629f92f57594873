"""Expressions in assembly text: numbers, characters, symbols, ``.`` for here, sums and differences."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from typing import Any

SYMBOL = re.compile(r"[A-Za-z_.$][\w.$]*")
_TERM = re.compile(r"\s*((?:[+-]\s*)*)(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+|'(?:\\.|[^'\\])'|[A-Za-z_.$][\w.$]*)\s*")
"""Signs, and what they stand before."""


def evaluate(text: str, symbols: Mapping[str, int], here: int) -> int:
    """The value of an expression; raises :class:`ValueError` naming what is not understood."""
    if text.isdecimal():  # most are
        return int(text)
    total = at = 0
    while at < len(text) or not at:
        term = _TERM.match(text, at)
        if term is None or (at and not term[1]):
            raise ValueError(f"{text!r} is not an expression")
        value = _value(term[2], symbols, here)
        total += -value if term[1].count("-") % 2 else value
        at = term.end()
    return total


def _value(term: str, symbols: Mapping[str, int], here: int) -> int:
    if term == ".":
        return here
    if term[0].isdigit():
        return int(term, 0) if not term.isdigit() else int(term)
    if term[0] == "'":
        return ord(_literal(term))
    if term not in symbols:
        raise ValueError(f"there is no symbol {term!r}")
    return symbols[term]


def unquote(text: str) -> bytes:
    """The bytes of a string literal in double quotes; raises :class:`ValueError`."""
    text = text.strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise ValueError(f"{text!r} is not a string in double quotes")
    return _literal("b" + text) if text.isascii() else _literal(text).encode()


def _literal(text: str) -> Any:
    """A string or character in Python's escapes, which are those of assemblers."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an unknown escape is only warned of
        try:
            return ast.literal_eval(text)
        except (SyntaxError, ValueError):
            raise ValueError(f"{text.removeprefix('b')} is not a string") from None
