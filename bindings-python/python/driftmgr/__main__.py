"""The command line: ``python -m driftmgr``, and ``driftmgr`` once the package is installed."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from . import _native


def main() -> NoReturn:
    """Runs the command line with the arguments of this process, and ends it with the exit code."""
    # An interrupt ends the program at once or in order, as the command line itself decides; Python's exception would come too late.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(_native.main(["driftmgr", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
