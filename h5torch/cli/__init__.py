"""The command line: one module a command, above all three packages and imported by none of them.

Nothing heavy is imported before a command runs, so that `h5torch --help` answers at once.
"""

import sys


def main() -> None:
    """Run the command that the process was started with and exit with its status.

    The status is 0 when the command did its work, 1 when a file or its data did not allow it, 2 when
    the command was not understood, 3 when an audit found something, and 130 when it was interrupted.
    """
    from h5torch.cli.app import run

    sys.exit(run(sys.argv[1:]))
