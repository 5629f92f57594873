"""Whole transactions: which scripts run, in which order and version, and what they come to (``transaction`` §7 to §11)."""
