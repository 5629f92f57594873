"""The commands of the command line: each file adds one, its options and what it does."""
