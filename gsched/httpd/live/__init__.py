"""What is told as it happens: the state as a stream of events."""
