"""Whole transactions: which scripts run, in which order and version, and what becomes of it (``transaction`` §7 to §11)."""
