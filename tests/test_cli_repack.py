"""The command `repack`, and what only a process of its own shows: memory, interruption, imports."""

import os
import re
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import h5torch
from h5torch.cli import text
from h5torch.cli.app import run
from h5torch.cli.gain import Gain, measure
from h5torch.cli.repack import draw, speed_line
from h5torch.repack import Repacked, Report
from tests.conftest import RUN

N = 2000


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "cells.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(N * 8.0).reshape(N, 8), "central", chunks=(100, 8), compression="gzip")
        f.register([np.arange(n % 9) for n in range(N)], 0, name="tokens", mode="vlen")
        f.register([np.ones(2), np.ones((2, 2))], "unstructured", name="mixed", mode="separate")
    return path


def test_repack_tells_what_became_of_every_object_and_what_it_gained(source, tmp_path, h5torch_command):
    done = h5torch_command("repack", source, tmp_path / "new.h5t")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert all(text.columns(line) <= text.WIDTH for line in lines)
    assert re.fullmatch(r"cells\.h5t → new\.h5t, for random +[\d.]+ kB → [\d.]+ kB", lines[0])
    assert re.search(
        r"^0/tokens +vlen → ragged +heap → contiguous +[\d.]+ kB → [\d.]+ kB$", done.stdout, re.MULTILINE
    )
    assert re.search(r"^central +N-D +gzip → contiguous +[\d.]+ kB → 128 kB$", done.stdout, re.MULTILINE)
    assert re.search(
        r"^unstructured/mixed +separate +apart .*\n   stays as it was: .*1, 2 axes$",
        done.stdout,
        re.MULTILINE,
    )
    assert re.search(r"^  random +[\d,]+ → +[\d,]+   [\d.,]+ times as fast$", done.stdout, re.MULTILINE)
    assert len(h5torch.Dataset(tmp_path / "new.h5t")) == N


def test_repack_for_size_tells_both_orders_and_may_be_asked_not_to_measure(source, tmp_path, capsys):
    assert run(["repack", str(source), str(tmp_path / "new.h5t"), "--for", "size"]) == 0
    assert re.search(r"\n  random +[\d,]+ → .*\n  sequential +[\d,]+ → ", capsys.readouterr().out)

    again = ["repack", str(source), str(tmp_path / "new.h5t"), "--overwrite", "--no-measure"]
    assert run(again) == 0
    assert "rows a second" not in capsys.readouterr().out


def test_a_target_that_exists_is_one_line_and_exit_1(source, capsys):
    assert run(["repack", str(source), str(source)]) == 1

    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(r"h5torch: .*cells\.h5t: is the file to be repacked; give another name.*\n", told.err)


def test_a_loss_is_told_as_plainly_as_a_gain():
    assert speed_line(Gain(order="random", before=1e6, after=2e4)).endswith("   50 times slower")
    assert speed_line(Gain(order="random", before=2e4, after=3e4)).endswith("   1.5 times as fast")


def test_nonzeros_are_measured_where_the_central_object_has_no_rows(tmp_path):
    for name in ("a", "b"):
        with h5torch.File(tmp_path / name, "w") as f:
            f.register((np.zeros((2, 50), int), np.ones(50), (3, 4)), "central", mode="coo")
    (gain,) = measure(tmp_path / "a", tmp_path / "b", ("sequential",))

    assert gain.before > 0
    assert gain.after > 0


words = st.text(st.characters(codec="utf-8"), max_size=40)
sizes = st.integers(0, 10**18)
objects = st.builds(
    Repacked,
    key=words,
    mode_before=words,
    mode_after=words,
    stored_before=words,
    stored_after=words,
    bytes_before=sizes,
    bytes_after=sizes,
    note=words,
)
names = st.text("abcż表", min_size=1, max_size=60)


@settings(max_examples=50)
@given(
    st.builds(
        Report,
        source=names,
        target=names,
        use=st.sampled_from(["random", "size"]),
        bytes_before=sizes,
        bytes_after=sizes,
        objects=st.lists(objects, max_size=3).map(tuple),
        left_out=st.lists(words, max_size=2).map(tuple),
        notes=st.lists(words, max_size=2).map(tuple),
    )
)
def test_whatever_a_file_says_a_line_is_printable_and_fits_80_columns(report):
    for line in draw(report):
        assert line.isprintable()
        assert text.columns(line) <= text.WIDTH


MEMORY = """
import pathlib, re, resource, sys
from h5torch.repack import repack
assert "torch" not in sys.modules


def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # what `getrusage` says there begins with the parent's peak
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


before = peak()
repack(sys.argv[1], sys.argv[2], use=sys.argv[3])
print(peak() - before)
"""


@pytest.mark.parametrize("use", ["random", "sequential"])
def test_memory_stays_bounded_whatever_the_size_of_the_file(tmp_path, use):
    with h5torch.File(tmp_path / "big.h5t", "w") as f:
        f.register((np.full((1 << 14, 256), n, np.float32) for n in range(7)), "central")
        row = np.arange(20_000)
        f.register(([row] * 50 for _ in range(10)), "unstructured", name="rows", mode="vlen")
        assert f["central"].nbytes > 115e6
    arguments = [str(tmp_path / "big.h5t"), str(tmp_path / "new.h5t"), use]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *arguments], capture_output=True, text=True, check=True
    )

    assert 1e6 < int(done.stdout) < 80e6  # of 195 MB


# What a shell starts in the background is told to ignore Ctrl-C, and hands that down.
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "


def test_an_interrupted_repack_leaves_no_trace(tmp_path):
    with h5py.File(tmp_path / "old.h5t", "w") as f:
        wide = f.create_dataset("central", (10**8, 100), "f8", chunks=(1000, 100))  # zeros, never written
        wide.attrs.update({"mode": "N-D", "shape": wide.shape, "dtypes": ["float64", "float64"]})
    command = [
        sys.executable,
        "-c",
        HEARS + RUN,
        "repack",
        tmp_path / "old.h5t",
        tmp_path / "new.h5t",
        "--for",
        "size",
    ]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ})
    until = time.monotonic() + 20
    while len(list(tmp_path.iterdir())) == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(list(tmp_path.iterdir())) == 2  # the draft
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=20)

    assert (child.returncode, told) == (130, "h5torch: interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["old.h5t"]
