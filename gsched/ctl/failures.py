"""How a command ends: exit codes, and exceptions that bear them."""

DONE, NO, MISTAKE, UNREACHABLE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130

EXIT_CODES = {
    DONE: "done, or the answer is yes",
    NO: "the answer is no: there is no such thing, it cannot be done now, a check failed, or the"
    " time is up",
    MISTAKE: "a mistake on the command line; nothing was done",
    UNREACHABLE: "no scheduler answers there",
    REFUSED: "the scheduler refuses: the token is missing or wrong, or has not the rights",
    INTERRUPTED: "interrupted with Ctrl-C",
}


class Failure(Exception):
    """Why a command cannot go on, in one line with the mend. `code` is the exit code."""

    code = NO


class Mistake(Failure):
    """Of whoever typed the command."""

    code = MISTAKE


class Unreachable(Failure):
    """No scheduler answers."""

    code = UNREACHABLE


class Refused(Failure):
    """The scheduler does not do it for this user."""

    code = REFUSED


class Unknown(Failure):
    """There is no such job, cluster or node now."""
