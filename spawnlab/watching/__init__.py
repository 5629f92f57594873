"""Watching a run: going through it forward and back, with breakpoints, in a terminal."""
