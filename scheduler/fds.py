"""File descriptors: a pipe's read end is even, its write end the odd number after it (``scheduler`` §2)."""


def other_end(fd: int) -> int:
    """The other end of the same pipe."""
    return fd ^ 1


def is_read(fd: int) -> bool:
    """Whether ``fd`` is a pipe's read end."""
    return fd % 2 == 0


def is_write(fd: int) -> bool:
    """Whether ``fd`` is a pipe's write end."""
    return fd % 2 == 1
