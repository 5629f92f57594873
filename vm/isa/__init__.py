"""The instruction set: one definition per instruction, and all that is derived from it."""
