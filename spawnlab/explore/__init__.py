"""Exploring: generated topologies, all orders of turns, and many runs that ask the same question."""
