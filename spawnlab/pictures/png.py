"""PNG from the very same SVG, with resvg. ``pip install 'spawnlab[draw]'`` brings it."""
