"""What `gschedctl doctor` looks at."""
