"""Native code: guest code as machine code of the host, derived from the definitions of the instructions."""
