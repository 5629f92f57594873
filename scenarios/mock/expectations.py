"""What a mock transaction's file expects of its scripts: the member ``expect``, which makes it a test."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import msgspec

from ...scheduler.verify.groups import ScriptGroup
from ...scheduler.verify.verifier import Verifier
from ..errors import ScenarioError
from ..model import Expectation
from .model import ScriptExpectation
from .read import MockTransaction
from .scripts import address_of, find_script, scripts_by_name

_MEMBER = re.compile(r',?\s*"expect"\s*:\s*')
_FIELDS = Expectation.__struct_fields__


def expectations(mock: MockTransaction, verifier: Verifier) -> Mapping[ScriptGroup, Expectation]:
    """What is expected of which script; raises :class:`ScenarioError` for one that is not there, or is there twice."""
    found: dict[ScriptGroup, Expectation] = {}
    known = scripts_by_name(verifier)
    for index, given in enumerate(mock.file.expect or ()):
        path = f"$.expect[{index}].script"
        try:
            group = known.get(given.script) or find_script(verifier, given.script)
        except ScenarioError as error:
            raise ScenarioError(error.message, path=path) from None
        if group in found:
            raise ScenarioError(
                f"{given.script} is {address_of(group)}, of which something is expected above", path=path
            )
        found[group] = Expectation(**{name: getattr(given, name) for name in _FIELDS})
    return found


def with_expectations(text: str, mock: MockTransaction, expected: Sequence[ScriptExpectation]) -> str:
    """The text of a file with this as its last member ``expect``; nothing else of it changes, templates and line ends
    neither.

    Raises :class:`ScenarioError` where there is an ``expect`` that is not the last.
    """
    head = text.rstrip().removesuffix("}")
    if mock.file.expect is not msgspec.UNSET:
        head = _without_last(text)
    lines = ",".join(f"\n    {_line(one)}" for one in expected)
    member = f',\n  "expect": [{lines}\n  ]\n}}'
    if "\r\n" in text:
        member = member.replace("\n", "\r\n")
    return head.rstrip() + member + text[len(text.rstrip()) :]


def _line(one: ScriptExpectation) -> str:
    values = {"script": one.script, **msgspec.to_builtins(one)}  # the name is to come first
    return json.dumps(values, ensure_ascii=False)


def _without_last(text: str) -> str:
    """The text up to where its last member begins, which must be ``expect``."""
    for found in _MEMBER.finditer(text):
        try:
            _, end = json.JSONDecoder().raw_decode(text, found.end())
        except ValueError:  # as in a template
            continue
        if text[end:].strip() == "}":
            return text[: found.start()]
    raise ScenarioError("it must be the last member of the file to be written anew", path="$.expect")
