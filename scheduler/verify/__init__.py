"""Whole transactions: which scripts run, when, in which version, and what becomes of it (``transaction`` §7 to §11)."""
