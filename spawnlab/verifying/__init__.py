"""Whole transactions for people: every script's run, and why one does not pass."""
