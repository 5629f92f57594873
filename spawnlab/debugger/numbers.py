"""The numbers of the system calls that only ckb-debugger has."""

from __future__ import annotations

OWN = frozenset({*range(9000, 9014), 57, 62, 63, 64, 66, 80})
"""Those that are answered here, where they are asked for."""
