"""The names of back ends: apart from them, since they are asked for before it is known that one is needed."""

from __future__ import annotations

NAMES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
"""Folders of back ends, by what the host's kind is called."""
