"""The table of commands, and what becomes of an error."""

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from h5torch.cli.audit import audit
from h5torch.cli.demo import demo
from h5torch.cli.repack import repack
from h5torch.cli.tree import tree
from h5torch.errors import H5torchError
from h5torch.printed import printable

_HELP = """A machine-learning dataset in one HDF5 file, with its splits and samplers.

Start here:

h5torch demo               build two datasets, split them, train on them
h5torch tree FILE          print what a file holds
h5torch audit FILE SPLIT   look for leaks between the parts of a split
h5torch repack IN OUT      rewrite a file so that it is fast to read, or small
"""


def _version() -> str:
    return importlib.metadata.version("h5torch")


app = App(
    name="h5torch",
    help=_HELP,
    help_format="plaintext",
    help_formatter="default" if sys.stdout.isatty() else "plain",
    version=_version,
    result_action="return_value",
)
app.suppress_keyboard_interrupt = app.meta.suppress_keyboard_interrupt = False  # `run` says it
for command in (audit, demo, repack, tree):
    app.command(command, help_format="markdown")


def run(tokens: Sequence[str]) -> int:
    """Run one command and return its exit status; what goes wrong is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app.meta(tokens, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        return _complain(f"{error} See h5torch --help.", status=2)
    except BrokenPipeError:  # the reader, say `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _complain("interrupted", status=130)
    return int(status or 0)


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    debug: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run the command in `tokens`.

    Args:
        tokens: The command and its arguments.
        debug: Show the traceback of an error.
    """
    try:
        return int(app(tokens, exit_on_error=False, print_error=False) or 0)
    except BrokenPipeError:
        raise
    except (H5torchError, OSError) as error:
        if debug:
            raise
        return _complain(str(error), status=1)


def _complain(message: str, *, status: int) -> int:
    lines = (printable(line) for line in message.splitlines())
    print("h5torch:", "\n".join(lines), file=sys.stderr)
    return status
