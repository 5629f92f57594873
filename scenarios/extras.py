"""How to install an extra of the package: one wording for every error, help text and template.

In a checkout it is ``pip install '.[NAME]'``. Elsewhere it is ``pip install 'spawnlab[NAME]'``, which also completes a
package that was installed from a checkout: pip takes the one that is there.
"""

from __future__ import annotations


def install_words(extra: str) -> str:
    """What to type for an extra of ``pyproject.toml``, in the checkout and elsewhere."""
    return f"pip install '.[{extra}]' in the checkout, pip install 'spawnlab[{extra}]' elsewhere"
