"""What system calls answer in a0 (``syscalls`` §1)."""

from enum import IntEnum


class ReturnCode(IntEnum):
    """Return codes, by the names of the specification."""

    SUCCESS = 0
    INDEX_OUT_OF_BOUND = 1
    ITEM_MISSING = 2
    SLICE_OUT_OF_BOUND = 3
    WRONG_FORMAT = 4
    WAIT_FAILURE = 5
    INVALID_FD = 6
    OTHER_END_CLOSED = 7
    MAX_VMS_SPAWNED = 8
    MAX_FDS_CREATED = 9


def name_of(code: int) -> str:
    """The name of a return code; ``code N`` for one that is none of them, such as what another program made of it."""
    return ReturnCode(code).name if code in ReturnCode.__members__.values() else f"code {code}"


def spelled(code: int) -> str:
    """A return code by its name and number; one that is none of them as a number."""
    return f"{ReturnCode(code).name} ({code})" if code in ReturnCode.__members__.values() else str(code)
