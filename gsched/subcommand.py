"""What `gsched passwd`, `gsched token` and `gsched rekey` share: help, and mistakes in one line."""

import sys
from collections.abc import Callable, Sequence

from gsched.options.sources import Wrong

MISTAKE = 2  # exit code


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
