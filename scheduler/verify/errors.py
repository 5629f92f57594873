"""Errors of whole transactions, with the reference's texts (``transaction`` §11)."""

from __future__ import annotations

from typing import ClassVar

from ...vm.errors import CyclesExceeded, SpawnlabError, VmError
from ..chain import TYPE, OutPoint, Script
from .groups import ScriptGroup

ERROR_CODES_PAGE = "https://nervosnetwork.github.io/ckb-script-error-codes"


class ScriptError(SpawnlabError):
    """A script group that does not pass. ``str()`` is the reference's text."""

    name: ClassVar[str]
    """The reference's name of the error."""


class ScriptNotFound(ScriptError):
    """No cell dep is the code of a script, or no group has the hash that was asked for."""

    name = "ScriptNotFound"

    def __init__(self, code_hash: bytes) -> None:
        self.code_hash = code_hash
        super().__init__(f"ScriptNotFound: code_hash: {byte32(code_hash)}")


class ExceededMaximumCycles(ScriptError):
    """The group would need more cycles; ``limit`` is what was left for it."""

    name = "ExceededMaximumCycles"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"ExceededMaximumCycles: expect cycles <= {limit}")


class CyclesOverflow(ScriptError):
    """The cycles of all groups are more than 64 bits hold."""

    name = "CyclesOverflow"

    def __init__(self, left: int, right: int) -> None:
        super().__init__(f"CyclesOverflow: lhs {left} rhs {right}")


class MultipleMatches(ScriptError):
    """Several cell deps have the type script that is asked for, and not all have the same data."""

    name = "MultipleMatches"

    def __init__(self) -> None:
        super().__init__("MultipleMatches")


class ValidationFailure(ScriptError):
    """The script ended with an exit code that is not 0."""

    name = "ValidationFailure"

    def __init__(self, script: Script, exit_code: int) -> None:
        self.exit_code = exit_code
        by = "by-type-hash" if script.hash_type == TYPE else "by-data-hash"
        page = f"{ERROR_CODES_PAGE}/{by}/{script.code_hash.hex()}.html#{exit_code}"
        super().__init__(f"ValidationFailure: see error code {exit_code} on page {page}")


class InvalidScriptHashType(ScriptError):
    """A hash type that is none, or that no rule is for yet."""

    name = "InvalidScriptHashType"

    def __init__(self, hash_type: int) -> None:
        self.hash_type = hash_type
        if hash_type % 2:
            why = f"Invalid script hash type {hash_type}"
        else:
            known = f"The ScriptHashType/Data{hash_type // 2} has not been activated"
            why = f"{known}, and is not permitted for use."
        super().__init__(f"InvalidScriptHashType: {why}")


class InvalidVmVersion(ScriptError):
    """A version that is not active yet."""

    name = "InvalidVmVersion"

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"Invalid VM Version: {version}")


class VmInternalError(ScriptError):
    """The scheduler or a machine failed; ``error`` says how."""

    name = "VMInternalError"

    def __init__(self, error: VmError) -> None:
        self.error = error
        super().__init__(f"VM Internal Error: {error.debug}")


class Interrupts(ScriptError):
    """The verification was stopped from outside."""

    name = "Interrupts"

    def __init__(self) -> None:
        super().__init__("VM Interrupts")


class OtherError(ScriptError):
    """What has no name of its own, such as a state that is not of this transaction."""

    name = "Other"

    def __init__(self, text: str) -> None:
        super().__init__(f"Other Error: {text}")


class TransactionScriptError(SpawnlabError):
    """A script error with its place: the first input of the group, or else its first output."""

    def __init__(self, group: ScriptGroup | None, cause: ScriptError) -> None:
        self.group = group
        self.cause = cause
        self.source = "Unknown" if group is None else group.source
        super().__init__(f"TransactionScriptError {{ source: {self.source}, cause: {cause} }}")


class VerificationInterrupted(TransactionScriptError):
    """The verification was stopped from outside, while ``group`` was under way."""

    def __init__(self, group: ScriptGroup) -> None:
        cause = Interrupts()
        super().__init__(group, cause)
        self.args = (f"Internal({cause.name}({cause}))",)


class ResolveError(SpawnlabError):
    """A transaction whose cells or headers can't be found. ``str()`` is the reference's text."""

    name: ClassVar[str]


class CellError(ResolveError):
    """One that is about a cell."""

    def __init__(self, out_point: OutPoint) -> None:
        self.out_point = out_point
        super().__init__(f"{self.name}({out_point_text(out_point)})")


class Dead(CellError):
    """A cell is consumed twice."""

    name = "Dead"


class Unknown(CellError):
    """There is no such cell."""

    name = "Unknown"


class InvalidDepGroup(CellError):
    """The data of a dep group are not a list of out points, or an empty one."""

    name = "InvalidDepGroup"


class InvalidHeader(ResolveError):
    """A header dep that is not known."""

    name = "InvalidHeader"

    def __init__(self, block_hash: bytes) -> None:
        self.block_hash = block_hash
        super().__init__(f"InvalidHeader({byte32(block_hash)})")


class OverMaxDepExpansionLimit(ResolveError):
    """More cell deps than there may be, dep groups expanded."""

    name = "OverMaxDepExpansionLimit"

    def __init__(self) -> None:
        super().__init__("OverMaxDepExpansionLimit")


def byte32(content: bytes) -> str:
    """A hash as the reference prints it."""
    return f"Byte32(0x{content.hex()})"


def out_point_text(out_point: OutPoint) -> str:
    """An out point as the reference prints it."""
    return f"OutPoint(0x{out_point.encode().hex()})"


def script_error_of(error: VmError, limit: int) -> ScriptError:
    """What an error of a scheduler is to the transaction; ``limit`` are the cycles that the group had."""
    if isinstance(error, CyclesExceeded):
        return ExceededMaximumCycles(limit)
    return VmInternalError(error)
