"""Why a run ended as it did: in terms of VMs, fds and steps, with an edit that was tried.

``explain(run)`` in :mod:`.explain` makes an :class:`~.model.Explanation`; :mod:`.text` has its words.
"""
