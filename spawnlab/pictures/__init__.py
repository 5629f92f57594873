"""Pictures of a run: sequences, topologies and timelines. Everything here is a pure function of the journal."""
