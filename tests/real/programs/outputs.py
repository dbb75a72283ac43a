"""Jobs that print, and one that fails."""

from typing import Any

from common import all_told, cluster, run


def speak(word, how):
    import sys
    import time

    time.sleep(0.1)
    print(f"{word} out")
    print(f"{word} err", file=sys.stderr)
    if how == "raise":
        raise ValueError(f"{word} is wrong")
    return word.upper()


def program() -> dict[str, Any]:
    words = cluster(speak)
    jobs = [words.submit(word, "return") for word in ("one", "tw\u00f6")]
    jobs.append(words.submit("three", "raise"))
    outcomes = all_told(jobs)
    words.close()
    return {"jobs": outcomes}


if __name__ == "__main__":
    run(program)
