"""What happens inside a VM when it makes a system call, before a message is posted (``syscalls``)."""
