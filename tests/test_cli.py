"""The command line, run as people run it: in a child process, in a pipe and on a terminal."""

import json
import os
import pty
import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
import samplers
import splits
from h5torch.cli import text
from h5torch.cli.app import run
from h5torch.cli.contents import Contents, Entry, Section
from h5torch.cli.tree import draw

RUN = "import sys; from h5torch.cli import main; sys.argv[0] = 'h5torch'; main()"
ESCAPE = "\x1b"


def on_terminal(*arguments: object, **environment: str) -> str:
    """Run a command with a terminal as its standard output and return what it wrote there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", "COLUMNS": "80", **environment}
    child = subprocess.Popen(command, stdout=theirs, env=env)
    os.close(theirs)
    written = b""
    try:
        while block := os.read(ours, 65536):
            written += block
    except OSError:  # Linux says so when the last writer has closed its end
        pass
    os.close(ours)
    assert child.wait() == 0
    return written.decode()


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A small file with one of everything that `tree` tells of."""
    path = tmp_path_factory.mktemp("tree") / "cells.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.eye(30, 4, dtype=np.float32), "central", mode="csr")
        f.register(np.arange(30.0), 0, name="dose", dtype_load="float32")
        f.register(["a", "b", "c"] * 10, 0, name="type", categories=["a", "b", "c"])
        f.register(["un", "deux"] * 15, 0, name="mot")
        f.register(np.zeros((10, 2)), 0, name="half-done", length=30)
        f.register([np.arange(i + 1) for i in range(4)], 1, name="gene\x1b[2Jtokens")
        f.register(np.arange(7), "unstructured", name="sevens")
        splits.create(f, "main", splits.Stratified(by="0/type", parts={"train": 0.8, "test": 0.2}, seed=5))
        samplers.save(f, "shuffled", samplers.Shuffled(seed=3))
    return path


def test_tree_shows_every_object_with_mode_shape_values_and_bytes(cells, h5torch_command):
    done = h5torch_command("tree", cells)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"cells\.h5t +[\d.]+ kB", lines[0])
    assert re.fullmatch(r"central +csr +30 × 4 +float32 +[\d.]+ k?B", lines[1])
    shown = "\n".join(lines)
    assert re.search(r"─ dose +N-D +30 +float64 → float32 +240 B", shown)
    assert re.search(r"─ type +N-D +30 +3 categories +\d+ B", shown)
    assert re.search(r"─ mot +N-D +30 +text +", shown)
    assert re.search(r"─ half-done +N-D +30 × 2 +float64 .*\n.*filled 10 of 30 rows", shown)
    assert re.search(r"─ sevens +N-D +7 +int64 +56 B", shown)
    assert re.search(r"─ main +stratified +30 +2 parts +\d+ B\n", shown)
    assert "\n      train 24, test 6\n      by 0/type, oversized refuse, rare refuse, seed 5\n" in shown
    assert "\n      fingerprint " in shown
    assert re.search(r"─ shuffled +shuffled +\d+ B\n +seed 3$", shown, re.MULTILINE)


@pytest.fixture
def odd(tmp_path):
    """A file with what goes wrong in files: nothing central, objects and recipes cut short or damaged."""
    path = tmp_path / "odd.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(6.0), "central")
        f.register([np.ones(2), np.ones(3)], "unstructured", name="old", mode="vlen")
        f.register([np.ones(2), np.ones(3)], "unstructured", name="older", mode="separate")
        f.register(["one", "a much longer text " * 40], "unstructured", name="prose", mode="ragged")
        f.register([0, 0, 0, 1, 1, 1], 0, name="cut")
        f.register(np.arange(6), 0, name="hurt")
        splits.create(f, "half", splits.Stratified(by="0/cut", parts={"a": 0.5}, seed=1))
        samplers.save(f, "nested", samplers.Shuffled(seed=1))
        samplers.save(f, "broken", samplers.Shuffled(seed=1))
        samplers.save(f, "list", samplers.Shuffled(seed=1))
        del f["0/cut"].attrs["mode"], f["central"]
        f["0/hurt"].attrs["mode"] = "new"
        of = {"recipe": "inner", "version": 1, "by": ["a", "b"]}
        for name, recipe in {"nested": {"recipe": "outer", "of": of}, "list": [1], "broken": None}.items():
            del f[f"samplers/{name}/recipe"]
            f[f"samplers/{name}/recipe"] = "{" if recipe is None else json.dumps(recipe)
    return path


def test_tree_shows_what_is_damaged_unfinished_or_unknown(odd, h5torch_command):
    done = h5torch_command("tree", odd)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\nno central object\naxis 0\n" in done.stdout
    assert re.search(r"─ cut +unfinished +0 B\n.*cut short", done.stdout)
    assert re.search(r"─ hurt +damaged +0 B\n.*unknown mode 'new'", done.stdout)
    assert re.search(r"─ old +vlen +2 × any +float64 +> \d+ B", done.stdout)
    assert re.search(r"─ older +separate +2 × any +float64 +40 B", done.stdout)
    assert re.search(r"─ prose +ragged +2 +text ", done.stdout)
    assert re.search(r"─ half +stratified +6 +1 part .*\n.*a 3, left out 3\n", done.stdout)
    assert re.search(r"─ nested +outer .*\n +of \(inner by a \+ b\)\n", done.stdout)
    assert re.search(r"─ broken +damaged .*\n.*not JSON", done.stdout)
    assert re.search(r"─ list +\? .*\n.*\[1\]\n", done.stdout)


def test_tree_escapes_names_that_would_move_the_cursor(cells, h5torch_command):
    done = h5torch_command("tree", cells)

    assert ESCAPE not in done.stdout
    assert "gene\\x1b[2Jtoken" in done.stdout


def test_tree_colours_a_terminal_unless_told_not_to(cells):
    assert ESCAPE in on_terminal("tree", cells, NO_COLOR="")
    assert ESCAPE not in on_terminal("tree", cells, NO_COLOR="1")
    assert ESCAPE not in on_terminal("tree", cells, NO_COLOR="", TERM="dumb")


names = st.text(st.characters(codec="utf-8"), max_size=100)
entries = st.builds(
    Entry,
    name=names,
    kind=names,
    shape=names,
    values=names,
    n_bytes=st.integers(0, 10**19),
    notes=st.lists(names, max_size=2).map(tuple),
)
sections = st.builds(Section, title=names, entries=st.lists(entries, max_size=3).map(tuple))


@given(
    contents=st.builds(
        Contents,
        name=names,
        n_bytes=st.integers(0, 10**19),
        central=st.none() | entries,
        sections=st.lists(sections, max_size=3).map(tuple),
    )
)
def test_whatever_a_file_says_a_line_is_printable_and_fits_80_columns(contents):
    for line in draw(contents):
        assert line.isprintable()
        assert text.columns(line) <= text.WIDTH


def test_wide_characters_count_for_two_columns_and_combining_ones_for_none():
    assert text.columns("表") == 2
    assert text.columns("e\u0301") == 1
    assert text.fit("表表表", 5) == "表表…"


@pytest.mark.parametrize(
    ("n_bytes", "written"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"),
     (999_499, "999 kB"), (999_500, "1.0 MB"), (2_500_000_000, "2.5 GB"), (10**19, "10000 PB")],
)  # fmt: skip
def test_sizes_are_written_with_a_unit(n_bytes, written):
    assert text.size(n_bytes) == written


def test_help_names_every_command_and_version_is_the_installed_one(h5torch_command):
    shown = h5torch_command("--help")
    assert shown.returncode == 0
    assert {"demo", "tree"} <= set(shown.stdout.split())
    assert ESCAPE not in shown.stdout

    assert h5torch_command("--version").stdout.strip() == version("h5torch")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tre"], 'Unknown command "tre". Did you mean "tree"?'),
        (["tree"], "FILE requires an argument"),
        (["tree", "a", "--nope"], "Unknown option: --nope"),
    ],
)
def test_a_command_that_is_not_understood_exits_with_2(capsys, arguments, message):
    assert run(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_line_and_exit_1(tmp_path, h5torch_command):
    done = h5torch_command("tree", tmp_path / "absent.h5t")

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"h5torch: .*absent\.h5t.*\n", done.stderr)


def test_a_file_that_is_not_hdf5_is_one_line_and_exit_1(tmp_path, h5torch_command):
    (tmp_path / "note.h5t").write_text("no HDF5", encoding="utf-8")
    done = h5torch_command("tree", tmp_path / "note.h5t")

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"h5torch: .*note\.h5t.*\n", done.stderr)


def test_debug_shows_where_an_error_came_from(tmp_path, h5torch_command):
    done = h5torch_command("tree", tmp_path / "absent.h5t", "--debug")

    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(cells):
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run([sys.executable, "-c", RUN, "tree", cells], stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)

    assert (done.returncode, done.stderr) == (1, b"")


def test_an_interrupted_command_says_so_and_exits_with_130(monkeypatch, capsys, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("h5torch.cli.reading.read_contents", interrupted)

    assert run(["tree", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "h5torch: interrupted\n"
