"""Scenario files: who spawns whom, which pipes they hold, what they do, and what is expected of it."""
