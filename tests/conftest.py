"""Settings that every test runs under."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import settings

import h5torch
from h5torch.storage.decoding import renew

# Set before anything imports torch or Matplotlib; child processes inherit them. Two workers on two
# cores leave one thread to each, and no test opens a window.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

# Files on disk take as long as the disk takes, so no example has a deadline.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "desk"))


@pytest.fixture
def f(tmp_path):
    """A file with a central object of 6 rows and 4 columns."""
    with h5torch.File(tmp_path / "data.h5t", "w") as file:
        file.register(np.arange(24.0).reshape(6, 4), "central")
        yield file


RUN = "import sys; from h5torch.cli import main; sys.argv[0] = 'h5torch'; main()"


@pytest.fixture(scope="session")
def h5torch_command():
    """Return a function that runs the command line in a child process whose output is a pipe.

    Its keyword `before` is code that the child runs first.
    """

    def command(*arguments: object, before: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", before + RUN, *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )

    return command


@pytest.fixture(scope="session")
def cells(tmp_path_factory):
    """The path of a small file with a column of each kind."""
    from tests.cells import write_cells  # imports torch, which reads the environment set above

    path = tmp_path_factory.mktemp("cells") / "cells.h5t"
    write_cells(path)
    return path


@pytest.fixture
def dataset(cells):
    """All its rows and columns."""
    return h5torch.Dataset(cells)


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The path of a file of which nothing is stored as `repack` would store it."""
    from tests.repacked import write_source  # imports torch, as above

    path = tmp_path_factory.mktemp("repack") / "source.h5t"
    write_source(path)
    return path


@pytest.fixture(scope="session")
def stored_file(tmp_path_factory):
    """The path of a file with one column for each way of storing."""
    from tests.explained import write_stored  # imports SciPy, which most tests do without

    path = tmp_path_factory.mktemp("explain") / "stored.h5t"
    write_stored(path)
    return path


@pytest.fixture
def new_decoder():
    """An empty cache of decoded chunks, of the usual size, before a test and after it."""
    renew(cache_bytes=64 << 20)
    yield
    renew(cache_bytes=64 << 20)
