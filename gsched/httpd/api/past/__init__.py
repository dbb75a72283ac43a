"""What was: jobs that ended, figures, a timeline, events."""
