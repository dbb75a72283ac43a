"""Entry of the `gsched` command: the standard library is patched before anything else."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from gsched.cli import main as run  # noqa: E402


def main() -> None:
    """Run gsched and exit with its code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
