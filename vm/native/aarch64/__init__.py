"""Native code for A64, the 64-bit instructions of Arm: the same parts as for x86-64."""
