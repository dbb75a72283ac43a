"""What `gsched passwd`, `gsched token` and `gsched rekey` share: help, and mistakes in one line."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gsched.options.sources import Wrong

MISTAKE = 2  # exit code
_BROKEN_PIPE = 141  # as a shell shows the signal


@contextmanager
def pipe_may_break() -> Iterator[None]:
    """All that is said within has arrived in the end; exits where nobody reads it: `| head`."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what Python itself flushes at its end
        sys.exit(_BROKEN_PIPE)


def run(
    words: Sequence[str],
    about: str | None,
    call: Callable[[], None],
    mistakes: tuple[type[Exception], ...],
) -> int:
    """Do it, unless `words` ask for help. `mistakes`: errors whose text says what to mend."""
    if {"-h", "--help"} & set(words):
        print(about)  # noqa: T201
        return 0
    try:
        call()
    except BrokenPipeError:  # an OSError, too, but no mistake
        raise
    except Wrong as error:
        told = error.text
    except mistakes as error:
        told = str(error)
    except OSError as error:
        told = str(error.strerror or error)
    else:
        return 0
    print(f"gsched {words[0]}: {told}", file=sys.stderr)  # noqa: T201
    return MISTAKE
