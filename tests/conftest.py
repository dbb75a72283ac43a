"""What holds for all tests."""

import signal

from hypothesis import settings

# Machines are noisy, so no example is timed; and a test gives the same answer each time, so
# that what fails is what has changed. `make fuzz` looks for what is new.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

# Whoever starts the tests by nohup, or in the background of a script, has these ignored; what the
# tests start would inherit that, and not end as it should.
for _signal, _handler in (
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _handler)
