"""Return codes that calls of operations are answered with, as numbers."""

from __future__ import annotations

from ..scenarios import compiler
from ..scheduler.codes import ReturnCode

SUCCESS = int(ReturnCode.SUCCESS)
WAIT_FAILURE = int(ReturnCode.WAIT_FAILURE)
INVALID_FD = int(ReturnCode.INVALID_FD)
OTHER_END_CLOSED = int(ReturnCode.OTHER_END_CLOSED)
MAX_VMS_SPAWNED = int(ReturnCode.MAX_VMS_SPAWNED)
MAX_FDS_CREATED = int(ReturnCode.MAX_FDS_CREATED)
EXPECTATION_FAILED = compiler.EXPECTATION_FAILED
"""Exit code of a VM that finds something else than its step expects."""
