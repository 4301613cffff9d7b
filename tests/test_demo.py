"""The demo: run once as people run it, and its parts one by one."""

import os
import re

import h5py
import pytest
import torch

import h5torch
from h5torch.cli import text
from h5torch.cli.app import run
from h5torch.cli.demo.docstrings import read_docstrings, tokenize
from h5torch.errors import H5torchError


@pytest.fixture(scope="module")
def demo(tmp_path_factory, h5torch_command):
    """The demo's folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "new"
    done = h5torch_command("demo", "--out", folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


def test_demo_trains_to_more_than_95_percent_on_digits(demo):
    accuracies = re.findall(r"test accuracy +([\d.]+)%", demo[1])

    assert float(accuracies[0]) > 95
    assert float(accuracies[1]) > 60  # 26 modules, the commonest of which 11 % of docstrings belong to


def test_demo_prints_lines_of_80_columns_and_no_escapes_in_a_pipe(demo):
    folder, printed = demo

    lines = printed.replace(f"{folder}{os.sep}", "").splitlines()
    assert [line for line in lines if len(line) > text.WIDTH] == []
    assert "\x1b" not in printed


def test_demo_leaves_two_whole_files_and_a_picture(demo):
    folder, _ = demo

    assert sorted(p.name for p in folder.iterdir()) == ["class-shares.png", "digits.h5t", "docstrings.h5t"]
    assert (folder / "class-shares.png").read_bytes().startswith(b"\x89PNG")
    with h5py.File(folder / "digits.h5t") as f:
        assert f["central"].shape == (1797, 8, 8)


def test_demo_says_how_to_get_matplotlib_and_goes_on_without(tmp_path, h5torch_command):
    """Here it also replaces what lies in its folder under the names of its files."""
    (tmp_path / "digits.h5t").write_text("of an earlier demo", encoding="utf-8")
    before = "import sys; sys.modules['matplotlib'] = None; "
    done = h5torch_command("demo", "--out", tmp_path, before=before)

    assert done.returncode == 0
    assert "pip install 'h5torch[plot]'" in done.stdout
    assert not (tmp_path / "class-shares.png").exists()


def test_demo_refuses_a_folder_that_is_a_file(tmp_path, capsys):
    (tmp_path / "taken").touch()

    assert run(["demo", "--out", str(tmp_path / "taken")]) == 1
    assert "taken" in capsys.readouterr().err


def test_both_ways_that_the_demo_measures_read_the_same_rows(demo):
    from h5torch.cli.demo.speed import batches_by_row

    path = demo[0] / "digits.h5t"
    dataset = h5torch.Dataset(path, split="main/train", columns=["central", "0/label"])
    with h5py.File(path) as f:
        by_row = list(batches_by_row(f, dataset.indices))
    batch = h5torch.collate(dataset.__getitems__(range(len(dataset))))

    images, codes = (torch.cat(tensors) for tensors in zip(*by_row, strict=True))
    torch.testing.assert_close(images, batch["central"], rtol=0, atol=0)
    torch.testing.assert_close(codes, batch["0/label"], rtol=0, atol=0)


def test_tokens_are_numbered_by_frequency_and_then_by_alphabet():
    tokens = tokenize(["b a", "A c: b", ""], n_tokens=4)

    assert tokens.vocabulary == ("<pad>", "<rare>", "a", "b")
    assert [row.tolist() for row in tokens.ids] == [[3, 2], [2, 1, 1, 3], []]


def test_docstrings_come_from_sources_with_the_names_that_code_uses():
    texts = {d.name: d for d in read_docstrings()}

    assert texts["argparse.ArgumentParser"].module == "argparse"
    assert texts["email.message.Message.as_string"].text.startswith("Return the entire formatted message")
    assert len(texts) > 2000


def test_a_python_without_sources_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))

    with pytest.raises(H5torchError, match="no sources of the standard library"):
        read_docstrings()
