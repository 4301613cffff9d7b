"""The command `audit`: table, JSON, picture, and exit status."""

import json

import numpy as np
import pytest

import h5torch
import splits
from h5torch.cli import text
from h5torch.cli.app import run
from splits.auditing import audit


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("audit") / "data.h5t"
    rows = np.random.default_rng(0).normal(size=(200, 5))
    rows[150] = rows[3]
    with h5torch.File(file, "w") as f:
        f.register(rows, "central")
        f.register(np.arange(200) % 4, 0, name="label")
        f.register(np.arange(200), 0, name="id")
        f.register(np.arange(200) // 2, 0, name="pair")
        for seed in range(10):
            recipe = splits.Stratified(by="0/label", parts={"train": 0.8, "test": 0.2}, seed=seed)
            split = splits.create(f, "main", recipe, overwrite=True)
            if split.codes[3] != split.codes[150]:
                break
    return file


def test_a_leak_is_told_and_ends_with_status_3(path, h5torch_command):
    done = h5torch_command("audit", path, "main", "--groups", "0/pair", "--ids", "0/id")
    lines = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (3, "")
    assert lines[0] == "audit of split 'main': 200 rows of axis 0"
    assert any(line.startswith("LEAK       central: 2 rows have an equal") for line in lines)
    assert any(line.startswith("LEAK       0/pair: ") for line in lines)
    assert all(text.columns(line) <= text.WIDTH for line in lines)


def test_nothing_found_ends_with_status_0(path, capsys):
    assert run(["audit", str(path), "main", "--no-rows", "--by", "0/label", "--no-features"]) == 0
    assert capsys.readouterr().out.endswith("\nnothing found\n")


def test_json_is_the_same_as_from_python(path, capsys):
    assert run(["audit", str(path), "main", "--json", "--ids", "0/id"]) == 3

    printed = json.loads(capsys.readouterr().out)

    assert printed == json.loads(audit(path, "main", ids="0/id").to_json())


def test_the_picture_is_drawn_where_it_is_asked_for(path, tmp_path, capsys):
    assert run(["audit", str(path), "main", "--plot", str(tmp_path / "audit.png")]) == 3
    assert (tmp_path / "audit.png").read_bytes().startswith(b"\x89PNG")

    assert run(["audit", str(path), "main", "--plot", str(tmp_path / "audit.abc")]) == 1
    assert "a picture needs a name that ends in .png, .svg, .pdf" in capsys.readouterr().err


def test_what_is_not_there_is_one_line_and_status_1(path, tmp_path, capsys):
    assert run(["audit", str(path), "mian"]) == 1
    assert run(["audit", str(path), "main", "--groups", "0/pairs"]) == 1
    assert run(["audit", str(tmp_path / "none.h5t"), "main"]) == 1

    first, second, third = capsys.readouterr().err.splitlines()
    assert "did you mean 'main'" in first
    assert "did you mean '0/pair'" in second
    assert third.startswith("h5torch: ")
