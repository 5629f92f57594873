"""Blocks of guest code as functions of Python: translated code for any host."""
