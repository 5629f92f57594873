"""Static hints: what can be said of a scenario before it is run.

``hints_of(scenario)`` in :mod:`.hints` makes them; :mod:`.text` has their words for people (``docs/hints.md``).
"""
