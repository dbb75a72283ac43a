"""What nodes are told, and what they say."""
