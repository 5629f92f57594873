"""What people look at. Everything here is a pure function of the journal."""
