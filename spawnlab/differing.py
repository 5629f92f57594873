"""Where two runs part: their first different event, and in which fields it differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec

from .scheduler.events import AnyEvent

_CYCLES = ("limit", "load_cycles", "spent", "total", "used", "charged", "loaded")
_ADDRESSES = ("pc", "argv")
_ADDRESS_SUFFIX = "_addr"


class Essence(msgspec.Struct, frozen=True):
    """What of an event is compared: all, or not the cycles, or not where things are in a program's memory."""

    cycles: bool = True
    addresses: bool = True

    def of(self, event: AnyEvent) -> AnyEvent:
        """The event with 0 for what is not compared."""
        return event if self.cycles and self.addresses else self._without(event)

    def _without(self, value: Any) -> Any:
        if not isinstance(value, msgspec.Struct):
            return value
        changed: dict[str, Any] = {}
        for name in value.__struct_fields__:
            part = getattr(value, name)
            if (name in _CYCLES and not self.cycles) or (_is_address(name) and not self.addresses):
                changed[name] = 0
            elif isinstance(part, msgspec.Struct):
                changed[name] = self._without(part)
        return msgspec.structs.replace(value, **changed) if changed else value


def _is_address(name: str) -> bool:
    return name in _ADDRESSES or name.endswith(_ADDRESS_SUFFIX)


ALL = Essence()


def first_difference(a: Sequence[object], b: Sequence[object]) -> int | None:
    """Index of the first items that differ, or of the first that only one has; ``None`` where all are equal."""
    pairs = zip(a, b, strict=False)
    place = next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(a), len(b)))
    return None if place == len(a) == len(b) else place


def first_different_event(a: Sequence[AnyEvent], b: Sequence[AnyEvent], essence: Essence = ALL) -> int | None:
    """As :func:`first_difference`, of events, in what is compared of them."""
    if essence == ALL:
        return first_difference(a, b)
    return first_difference([essence.of(event) for event in a], [essence.of(event) for event in b])


class FieldDifference(msgspec.Struct, frozen=True):
    """A field by its path in the event's JSON (``message.length``), and both values; ``None`` for a missing one."""

    path: str
    a: Any
    b: Any


def different_fields(a: AnyEvent, b: AnyEvent) -> tuple[FieldDifference, ...]:
    """The fields in which two events differ; of events of two kinds all, ``type`` first."""
    one, other = (dict(_fields(msgspec.to_builtins(event), "")) for event in (a, b))
    paths = [*one, *(path for path in other if path not in one)]
    return tuple(
        FieldDifference(path, one.get(path), other.get(path)) for path in paths if one.get(path) != other.get(path)
    )


def _fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in cast("dict[str, Any]", value).items():
            yield from _fields(part, f"{path}.{name}" if path else name)
    else:
        yield path, value
