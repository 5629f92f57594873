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
