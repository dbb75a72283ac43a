"""What was: jobs that have ended, figures of the last days, events of interest."""
