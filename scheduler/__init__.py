"""CKB's script scheduler: ids, states, messages, pipes, system calls, iterations. It knows no concurrency library."""
