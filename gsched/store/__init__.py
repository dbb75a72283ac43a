"""What outlives a connection: files of clients."""
