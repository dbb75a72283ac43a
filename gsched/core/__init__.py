"""State and decisions: no sockets, no files, no clock of its own."""
