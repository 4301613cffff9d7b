"""The process of one adapter: `python child.py MODULE CONFIG`, in whatever environment that adapter needs.

It is started by path, and puts the folder of this package last on the import path, so that a library of the
environment (the published h5torch, say) wins over one that lies beside this package.
"""

import os
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Serve the adapter named on the command line."""
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() not in {here, here.parent}]
    sys.path.append(str(here.parent))
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints goes to the log, not between the replies
    module, config = sys.argv[1:]
    import_module("benchmarks.serving").serve(import_module(module), config, sys.stdin, replies)


if __name__ == "__main__":
    main()
