"""Comparing with the reference implementation: the same case run by both, and records of both in one form."""
