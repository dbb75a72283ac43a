"""What holds for all tests."""

from hypothesis import settings

# Machines are noisy, so no example is timed; and a test gives the same answer each time, so
# that what fails is what has changed. `make fuzz` looks for what is new.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")
