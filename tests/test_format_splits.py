"""Section 6 of `docs/format.md` is enough to read splits and folds: `format_splits` finds what ours wrote."""

import re
from pathlib import Path

import attrs
import h5py
import numpy as np
import pytest

import h5torch
import splits
import splits.recipes
from splits.book import BOOK
from tests.format_reader import RefusedError, read
from tests.format_splits import digest, fingerprint, read_folds, read_kept, read_split

FORMAT = Path(__file__).parent.parent / "docs" / "format.md"
N = 24
LABELS = [[row % 2, 2][: row % 3] for row in range(N)]
PARTS = {"train": 0.5, "vał": 0.2}
RECIPES = {
    "main": splits.Stratified(by=("0/type", "0/odd"), parts=PARTS, seed=2**64 - 1, rare="keep"),
    "listed lengths": splits.Stratified(by="0/labels", parts=PARTS, seed=1, rare="keep"),
    "plain": splits.Random(folds=3, seed=0),
    "beside parts": splits.Random(parts={**PARTS, "test": 0.2}, folds=splits.RepeatedKFold(4, 2), seed=2**63),
    "nested": splits.Grouped(by="0/type", folds=splits.Nested(3, 2), seed=0),
    "by time": splits.TimeOrdered(by="0/number", folds=3, gap=2),
    "given": splits.Predefined.from_test_fold([0, 1, -1] * (N // 3)),
    "elements": splits.Cold(axes={1: splits.Random(folds=2, seed=0, axis=1)}),
}
FOLDS = sorted(set(RECIPES) - {"main", "listed lengths"})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file with parts, folds of all three schemes and kept arrays; some rows are not filled in yet."""
    path = tmp_path_factory.mktemp("format") / "splits.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.ones((N, 3)), "central", length=N + 2)
        f.register([f"kind {row % 6}" for row in range(N)], 0, name="type", length=N + 2)
        f.register(np.arange(N) // 6 % 2 == 0, 0, name="odd", length=N + 2)
        f.register(np.arange(N), 0, name="number", length=N + 2)
        f.register(LABELS, 0, name="labels", length=N + 2, mode="ragged")
        for name, recipe in RECIPES.items():
            splits.create(f, name, recipe)
    return path


@pytest.mark.parametrize("name", RECIPES)
def test_names_codes_recipe_and_provenance_read_as_the_page_says(path, name):
    split = splits.load(path, name)
    with h5py.File(path) as f:
        names, codes, recipe, provenance = read_split(f, name)
        keys = [key for key in provenance["inputs"] if key.startswith("0/")]
        inputs = {key: digest(read(f, key)[:N]) for key in keys}

    assert np.array_equal(codes, split.codes)
    assert recipe == {"version": 1, **recipe}
    assert recipe["recipe"] == split.recipe.tag
    assert {key: provenance["inputs"][key] for key in keys} == inputs
    assert set(provenance) == {"inputs", "versions", "counts", "shares", "left_out", "rows", "fingerprint"}
    scheme = getattr(split.table, "scheme", None)
    assert provenance["fingerprint"] == fingerprint(split.axis, names, codes, scheme)
    dealt = provenance["rows"][-1]
    assert dealt == (N * 3 if name == "elements" else N)
    assert provenance["left_out"] == int((np.atleast_2d(codes)[:, :dealt] == 255).all(axis=0).sum())


def test_the_parts_of_a_split_are_its_rows(path):
    with h5py.File(path) as f:
        names, codes, recipe, provenance = read_split(f, "main")

    assert names == ["train", "vał"]
    assert recipe["parts"] == [["train", 0.5], ["vał", 0.2]]
    assert recipe["seed"] == 2**64 - 1
    assert provenance["counts"] == {part: int((codes == code).sum()) for code, part in enumerate(names)}
    assert provenance["shares"] == {part: count / N for part, count in provenance["counts"].items()}
    with pytest.warns(UserWarning, match="has not been completely filled"):
        rows = h5torch.Dataset(path, split="main/train", columns=["0/number"]).indices
    assert np.array_equal(rows, np.flatnonzero(codes == 0))


@pytest.mark.parametrize("name", FOLDS)
def test_folds_of_every_scheme_read_as_the_page_says(path, name):
    split = splits.load(path, name)
    with h5py.File(path) as f:
        rows = read_folds(f, name)
        counts = read_split(f, name)[3]["counts"]

    assert {part: rows[part].tolist() for part in rows} == {part: split.rows(part).tolist() for part in rows}
    assert {part: len(own) for part, own in rows.items() if part in counts} == counts
    folds = [*split.folds(), *(fold for i in range(3) if name == "nested" for fold in split.folds(outer=i))]
    parts = {f"{fold.name}/{part}" for fold in folds for part in fold.parts}
    around = {"train", "vał", "test"} if name == "beside parts" else set()
    assert {f"{name}/{part}" for part in {*rows} - around} == parts


def test_all_schemes_are_read_here(path):
    with h5py.File(path) as f:
        schemes = {f["splits"][name].attrs["folds"] for name in FOLDS}

    assert schemes == {"rotating", "listed", "nested"}


def test_arrays_that_a_recipe_holds_lie_beside_it(path):
    with h5py.File(path) as f:
        told = read_split(f, "given")[2]["array"]
        arrays = read_kept(f, "given")
        assert all(not read_kept(f, name) for name in RECIPES if name != "given")

    assert [told] == [{"sha256": digest_told} for digest_told in arrays]
    assert arrays[told["sha256"]].tolist() == splits.load(path, "given").recipe.array.array.tolist()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("plain", lambda group: group.attrs.__setitem__("folds", "later")),
        ("plain", lambda group: group.attrs.__setitem__("n_folds", [2])),
        ("by time", lambda group: group.attrs.__setitem__("n_folds", [4])),
        ("nested", lambda group: group.attrs.__setitem__("n_folds", [2, 2])),
        ("main", lambda group: group.attrs.__setitem__("version", 2)),
    ],
    ids=["F612", "F613", "F616", "F617", "F603"],
)
def test_folds_that_a_reader_must_refuse_are_refused(path, tmp_path, name, change):
    copy = tmp_path / "changed.h5t"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "a") as f:
        change(f["splits"][name])

    with h5py.File(copy) as f, pytest.raises(RefusedError):
        read_folds(f, name)
    with pytest.raises(h5torch.errors.H5torchError):
        splits.load(copy, name)


def test_the_page_lists_every_kind_of_recipe_with_its_fields():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", FORMAT.read_text(encoding="utf-8"), re.MULTILINE)
    told = {kind: (int(version), fields_told(cell)) for kind, version, cell in rows}
    found = vars(splits.recipes).values()
    found = [kind for kind in found if isinstance(kind, type) and attrs.has(kind)]
    records = {kind.tag: kind for kind in found if hasattr(kind, "tag")}

    assert sorted(records) == list(BOOK.tags)
    assert told == {tag: (record.version, fields_of(record)) for tag, record in records.items()}


def fields_told(cell):
    """Names of fields in a cell: what stands in brackets says what a field holds."""
    while re.search(r"\([^()]*\)", cell):
        cell = re.sub(r"\([^()]*\)", "", cell)
    return set(re.findall(r"`(\w+)`", cell.partition(";")[0]))


def fields_of(record):
    return {field.name for field in attrs.fields(record)}
