"""The process of `--local_node`: a real dispynode that ends when its scheduler does.

Its command line comes by standard input, as JSON: it may hold a secret, which in the arguments
of the process every user of the host could read.
"""

import ctypes
import json
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become dispynode."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    sys.argv = ["dispynode.py", *json.load(sys.stdin)]
    runpy.run_module("dispy.dispynode", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
