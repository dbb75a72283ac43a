"""Entry of the `gschedctl` command."""

import sys

from gsched.ctl.cli import main as run


def main() -> None:
    """Run gschedctl and exit with its code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
