"""`Cold` in a file: elements drawn by `Dataset` hold the rows that their part may hold."""

import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import UnknownNameError

PARTS = {"train": 0.75, "test": 0.25}
N_DRUGS, N_TARGETS, N_DOSES = 24, 20, 4
FAMILY = np.array([f"family {number}" for number in range(8)])[np.arange(N_DRUGS) % 8]
AXES = {
    0: splits.Grouped(by="0/family", parts=PARTS, seed=0),
    1: splits.Random(axis=1, parts=PARTS, seed=1),
}


def features(f, lengths):
    """Register a feature on every axis that tells which row it is of."""
    for axis, length in enumerate(lengths):
        f.register(np.arange(length) * 10 + axis, axis, name="feature")
    f.register(FAMILY, 0, name="family")


def sparse(path, lengths, n_stored=400, **storage):
    """Write nonzeros of which each value is its own number, and return their indices."""
    cells = np.random.default_rng(0).choice(int(np.prod(lengths)), n_stored, replace=False)
    indices = np.stack(np.unravel_index(cells, lengths))
    with h5torch.File(path, "w") as f:
        f.register((indices, np.arange(float(n_stored)), lengths), "central", mode="coo", **storage)
        features(f, lengths)
    return indices


def dense(path, lengths):
    """Write cells of which each value is its own number, and return their indices."""
    with h5torch.File(path, "w") as f:
        f.register(np.arange(np.prod(lengths), dtype=np.float64).reshape(lengths), "central")
        features(f, lengths)
    return np.indices(lengths).reshape(len(lengths), -1)


def drawn(path, part):
    """Return the numbers of a part's elements, and the row of each on every axis, as their features tell."""
    data = h5torch.Dataset(path, sampling="coo", split=part)
    batch = data.batch(range(len(data)))
    keys = sorted(key for key in batch if key.endswith("/feature"))
    rows = [(batch[key].numpy() - axis) // 10 for axis, key in enumerate(keys)]
    return batch["central"].tolist(), np.array(rows)


FILES = [
    pytest.param(sparse, (N_DRUGS, N_TARGETS), id="nonzeros of a matrix"),
    pytest.param(sparse, (N_DRUGS, N_TARGETS, N_DOSES), id="nonzeros of rank 3"),
    pytest.param(dense, (N_DRUGS, N_TARGETS), id="cells of a matrix"),
    pytest.param(dense, (N_DRUGS, N_TARGETS, N_DOSES), id="cells of rank 3"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "screen.h5t"


@pytest.mark.parametrize("mixed", ["own", "drop", "assign"])
@pytest.mark.parametrize(("write", "lengths"), FILES)
def test_dataset_draws_the_elements_whose_rows_call_for_it(path, write, lengths, mixed):
    indices = write(path, lengths)
    made = splits.create(path, "cold", splits.Cold(axes=AXES, mixed=mixed))
    drugs = AXES[0].codes({"0/family": FAMILY}, N_DRUGS)[indices[0]]
    targets = AXES[1].codes({}, N_TARGETS)[indices[1]]
    wanted = {
        "train": (drugs == 0) & (targets == 0),
        "test": (drugs | targets) == 1 if mixed == "assign" else (drugs & targets) == 1,
    }
    if mixed == "own":
        wanted |= {"train+test": drugs < targets, "test+train": drugs > targets}

    assert (made.axis, set(made.parts)) == ("coo", set(wanted))
    assert splits.load(path, "cold") == made
    for part, mask in wanted.items():
        numbers, rows = drawn(path, f"cold/{part}")
        assert numbers == np.flatnonzero(mask).tolist()
        assert np.array_equal(rows, indices[:, mask])


@pytest.mark.parametrize("mixed", ["own", "drop", "assign"])
@pytest.mark.parametrize(("write", "lengths"), FILES)
def test_no_feature_of_a_held_out_row_appears_in_train(path, write, lengths, mixed):
    write(path, lengths)
    axes = {axis: splits.Random(axis=axis, parts=PARTS, seed=axis) for axis in range(len(lengths))}
    splits.create(path, "cold", splits.Cold(axes=axes, mixed=mixed))
    _, seen = drawn(path, "cold/train")
    _, tested = drawn(path, "cold/test")

    for axis, recipe in axes.items():
        held_out = set(np.flatnonzero(recipe.codes({}, lengths[axis]) == 1).tolist())
        assert set(seen[axis].tolist()).isdisjoint(held_out)
        assert mixed == "assign" or set(tested[axis].tolist()) <= held_out


def test_each_fold_holds_out_its_rows_of_every_axis(path):
    sparse(path, (N_DRUGS, N_TARGETS, N_DOSES))
    axes = {axis: splits.Random(axis=axis, folds=4, seed=axis) for axis in range(3)}
    splits.create(path, "cv", splits.Cold(axes=axes, mixed="assign"))
    tested = []
    for number in range(4):
        _, seen = drawn(path, f"cv/{number}/train")
        numbers, _ = drawn(path, f"cv/{number}/test")
        tested += numbers
        for axis, recipe in axes.items():
            held_out = np.flatnonzero(recipe.codes({}, (N_DRUGS, N_TARGETS, N_DOSES)[axis])[0] == number)
            assert not np.isin(seen[axis], held_out).any()

    assert set(tested) == set(range(400))


def test_a_cold_split_is_checked_against_everything_it_was_made_from(path):
    sparse(path, (N_DRUGS, N_TARGETS))
    made = splits.create(path, "cold", splits.Cold(axes=AXES, mixed="drop"))

    assert set(made.provenance.inputs) == {"coo/0", "coo/1", "shape", "0/family"}
    assert splits.verify(path, "cold").verdict == "identical"


def test_nonzeros_that_come_later_follow_their_rows_and_no_other_moves(path):
    lengths = (N_DRUGS, N_TARGETS)
    indices = sparse(path, lengths, n_stored=300, chunks=True)
    before = splits.create(path, "cold", splits.Cold(axes=AXES, mixed="own"))
    taken = set(zip(*indices.tolist(), strict=True))
    new = [cell for cell in np.ndindex(lengths) if cell not in taken]
    with h5torch.File(path, "r+") as f:
        f.append((np.array(new).T, np.arange(len(new)) + 300.0, lengths), "central")
    after = splits.extend(path, "cold")

    assert after.codes[:300].tolist() == before.codes.tolist()
    anew = splits.create(path, "anew", splits.Cold(axes=AXES, mixed="own"))
    assert after.codes.tolist() == anew.codes.tolist()


def test_a_column_that_an_axis_needs_and_lacks_is_named(path):
    sparse(path, (N_DRUGS, N_TARGETS))
    recipe = splits.Cold(axes={1: splits.Grouped(by="1/clan", parts=PARTS, seed=0)})
    with pytest.raises(UnknownNameError, match="1/clan"):
        splits.create(path, "cold", recipe)


def test_an_axis_that_the_central_object_lacks_is_named(path):
    sparse(path, (N_DRUGS, N_TARGETS))
    recipe = splits.Cold(axes={2: splits.Random(axis=2, parts=PARTS, seed=0)})
    with pytest.raises(splits.SplitError, match=r"shape \(24, 20\)"):
        splits.create(path, "cold", recipe)


def test_rows_of_a_central_object_that_has_no_elements_are_refused(path):
    with h5torch.File(path, "w") as f:
        f.register(np.eye(4), "central", mode="csr")
    recipe = splits.Cold(axes={0: splits.Random(parts=PARTS, seed=0)})
    with pytest.raises(splits.SplitError, match="has mode 'csr', which has no elements to draw"):
        splits.create(path, "cold", recipe)


def test_entities_are_dealt_when_all_rows_of_their_axis_are_there(tmp_path):
    with h5torch.File(tmp_path / "growing.h5t", "w") as f:
        f.register(np.ones((4, 3)), "central", length=6)
        recipe = splits.Cold(axes={0: splits.Random(parts={"a": 0.5, "b": 0.5}, seed=0)})
        with pytest.raises(splits.SplitError, match="axis 0 has 4 of 6 rows filled in, and entities"):
            splits.create(f, "cold", recipe)
        f.append(np.ones((2, 3)), "central")
        assert splits.create(f, "cold", recipe).table.counts == {"a": 9, "b": 9}
