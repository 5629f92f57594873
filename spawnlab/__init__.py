"""CKB's script scheduler as a deterministic actor simulation."""
