"""What is kept on disk, sealed with a key: `opening` has all that is done with it."""
