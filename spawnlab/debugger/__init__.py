"""The system calls that ckb-debugger has and no node: files, a clock, random numbers; only where they are asked for."""
