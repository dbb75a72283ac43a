"""Options: from command line, environment and file to Settings, and their documentation."""
