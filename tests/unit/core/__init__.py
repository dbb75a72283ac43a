"""The core, driven as the rest of the scheduler drives it, with everything verified each time."""
