"""Asking what could be otherwise: searches over many runs of one scenario."""
