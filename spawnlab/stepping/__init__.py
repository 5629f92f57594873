"""A run as one HTML page that steps forward and back (``docs/stepper.md``)."""
