"""What can go wrong with a picture."""

from __future__ import annotations

from ..vm.errors import SpawnlabError


class PictureError(SpawnlabError):
    """A picture that can't be made; says why and what to do."""
