"""`Hashed`: an id's part is its own affair."""

import hashlib

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError
from h5torch.keyed import derive, hash_ids
from splits.book import BOOK
from splits.dealing.folds import Nested, RepeatedKFold
from splits.errors import SplitError
from splits.recipes.hashed import Hashed

PARTS = {"train": 0.5, "val": 0.25, "test": 0.2}
PATIENTS = np.array([f"patient_{number * 7919 % 500}" for number in range(1000)])
WAYS = [
    {"parts": PARTS},
    {"folds": 5},
    {"parts": PARTS, "folds": RepeatedKFold(3, 2)},
    {"folds": Nested(3, 2)},
]
TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1), min_size=1)


def codes(ids, *, held=None, by="0/id", **how):
    recipe = Hashed(**{"by": by, "seed": 0, **(how or {"parts": PARTS})})
    return recipe.codes({"0/id": np.asarray(ids)}, len(ids), held)


def with_many(ids):
    """Add ids that fill every part, so that the ids at the front can be any at all."""
    ids = np.asarray(ids)
    if ids.dtype.kind == "U":
        return np.concatenate([ids, PATIENTS])
    return np.concatenate([ids.astype(np.int64), np.arange(10**6, 10**6 + 500)])


@pytest.mark.parametrize(
    ("how", "digest"),
    [
        (WAYS[0], "a91eff1576761a4d"),
        (WAYS[1], "b4b2d71ceedf84b2"),
        (WAYS[2], "102419aba00a1dfb"),
        (WAYS[3], "4350e8c5fc4010ad"),
    ],
)
def test_the_codes_are_pinned(how, digest):
    assert hashlib.sha256(codes(PATIENTS, seed=42, **how).tobytes()).hexdigest()[:16] == digest


def test_the_codes_of_joint_and_of_whole_numbers_are_pinned():
    columns = {"0/id": PATIENTS, "0/visit": np.arange(1000) % 17 - 8}
    joint = Hashed(by=("0/id", "0/visit"), parts=PARTS, seed=42).codes(columns, 1000)
    whole = codes(np.arange(-500, 500), parts=PARTS, seed=42)

    assert hashlib.sha256(joint.tobytes()).hexdigest()[:16] == "545f4f1102e2691a"
    assert hashlib.sha256(whole.tobytes()).hexdigest()[:16] == "f65d0ac6a82850dc"


@given(ids=st.one_of(TEXTS, st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1)), data=st.data())
@pytest.mark.parametrize("how", WAYS)
def test_an_id_has_its_part_whatever_other_rows_there_are_and_in_what_order(how, ids, data):
    whole = codes(with_many(ids), **how)[..., : len(ids)]
    rows = data.draw(st.lists(st.integers(0, len(ids) - 1)))
    other = codes(with_many(np.array(ids)[rows]), **how)[..., : len(rows)]

    assert np.array_equal(other, whole[..., rows])


@pytest.mark.parametrize("how", WAYS)
def test_adding_rows_is_the_same_as_dealing_all_anew(how):
    first = codes(PATIENTS[:800], **how)
    grown = codes(PATIENTS, held=first, **how)

    assert np.array_equal(grown, codes(PATIENTS, **how))
    assert np.array_equal(grown[..., :800], first)


@pytest.mark.parametrize("how", WAYS)
def test_rows_with_one_id_share_every_part(how):
    found = np.atleast_2d(codes(PATIENTS, **how))

    for patient in np.unique(PATIENTS):
        assert (np.ptp(found[:, patient == PATIENTS], axis=1) == 0).all()


@given(ids=TEXTS, seed=st.integers(0, 2**64 - 1))
def test_a_part_is_where_the_hash_falls_among_the_exact_shares(ids, seed):
    recipe = Hashed(by="0/id", parts={"a": 0.1, "b": 0.9}, seed=seed)
    ids = with_many(ids)
    key = derive(derive(derive(seed, "hashed"), "parts"), "column", 0)
    hashes = hash_ids(ids, key=key).tolist()

    assert recipe.codes({"0/id": ids}, len(ids)).tolist() == [int(word >= 2**64 // 10) for word in hashes]


def test_shares_hold_on_average():
    n_ids = 200_000
    shares = np.array([0.5, 0.25, 0.2, 0.05])
    for ids in (np.arange(n_ids), np.arange(n_ids).astype(str)):
        counts = np.bincount(codes(ids), minlength=256)[[0, 1, 2, 255]]
        assert (np.abs(counts - n_ids * shares) < 5 * np.sqrt(n_ids * shares * (1 - shares))).all()


def test_a_part_is_a_stretch_of_hashes_so_that_a_larger_share_only_adds_ids():
    small = codes(PATIENTS, parts={"train": 0.5, "test": 0.5})
    large = codes(PATIENTS, parts={"train": 0.6, "test": 0.4})

    assert (large[small == 0] == 0).all()
    assert (large[small == 1] == 0).any()


def test_text_is_the_same_text_in_whatever_dtype():
    names = [f"nœud {number}" for number in range(300)]
    plain = codes(names)

    assert np.array_equal(codes(np.array([name.encode() for name in names])), plain)
    assert np.array_equal(codes(np.array(names, dtype=object)), plain)
    assert np.array_equal(codes(np.array(names, dtype=np.dtypes.StringDType())), plain)
    assert np.array_equal(codes(np.array(names, ">U40")), plain)


def test_whole_numbers_are_the_same_in_whatever_width_and_no_text():
    numbers = np.arange(100)

    assert np.array_equal(codes(numbers.astype(np.uint8)), codes(numbers))
    assert np.array_equal(codes(numbers.astype(">i4")), codes(numbers))
    assert not np.array_equal(codes(numbers.astype(str)), codes(numbers))


def test_several_columns_make_one_id_and_their_order_counts():
    columns = {"0/a": np.repeat(np.arange(30), 30), "0/b": np.tile(np.arange(30), 30)}
    joint = Hashed(by=("0/a", "0/b"), parts=PARTS, seed=0).codes(columns, 900)
    other = Hashed(by=("0/b", "0/a"), parts=PARTS, seed=0).codes(columns, 900)
    backwards = Hashed(by=("0/a", "0/b"), parts=PARTS, seed=0).codes(
        {key: column[::-1] for key, column in columns.items()}, 900
    )

    assert np.array_equal(backwards, joint[::-1])
    assert not np.array_equal(other, joint)
    assert len(np.unique(joint[columns["0/a"] == 3])) > 1
    counts = np.bincount(joint, minlength=3)[:3]
    assert np.abs(counts - 900 * np.array([0.5, 0.25, 0.2])).max() < 5 * np.sqrt(900 / 4)


def test_seeds_parts_and_folds_deal_independently():
    halves = {"a": 0.5, "b": 0.5}
    one = codes(np.arange(4000), parts=halves)
    two = codes(np.arange(4000), parts=halves, seed=1)
    folds = codes(np.arange(4000), parts=halves, folds=RepeatedKFold(2, 2))
    inside = folds[:, folds[0] < 2]

    assert abs((one == two).mean() - 0.5) < 5 * np.sqrt(0.25 / 4000)
    assert abs((inside[0] == inside[1]).mean() - 0.5) < 5 * np.sqrt(0.25 / 2000)
    assert np.array_equal(folds[0] == 254, one == 1)


@given(
    by=st.lists(st.sampled_from(["coo/1/gene", "coo/0", "coo/central"]), min_size=1, unique=True),
    how=st.sampled_from(WAYS),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_recipe_comes_back_from_its_json(by, how, seed):
    made = Hashed(by=by, seed=seed, **how)
    again = BOOK.loads(BOOK.dumps(made), path="/x")

    assert again == made
    assert (again.axis, again.keys, again.frame) == ("coo", tuple(by), made.frame)


@given(ids=st.lists(st.integers(0, 50), min_size=3, max_size=20), seed=st.integers(0, 99))
def test_no_part_is_empty_unless_it_is_said(ids, seed):
    try:
        found = codes(ids, parts=PARTS, seed=seed)
    except SplitError as error:
        assume("no id came to" in str(error))
    else:
        assert np.isin([0, 1, 2], found).all()


@pytest.mark.parametrize(
    ("ids", "how", "text"),
    [
        (
            np.arange(3),
            {},
            r"no id came to train: .* achieved was train 0, val 1, test 2 of 3 rows; use more ids",
        ),
        (np.zeros(9, int), {"folds": 2}, r"no id came to fold [01].* of 9 rows"),
        (
            np.arange(9) % 2,
            {"folds": Nested(2, 2), "seed": 4},
            r"no id came to fold 1: .*fold 0 5, fold 1 0 of 5",
        ),
        (np.arange(2), {}, "3 parts need at least as many rows, there are 2"),
        (np.arange(0), {}, "there are 0"),
        (np.arange(9.0), {}, "column '0/id' has dtype float64, .*; use ids that are integers or text"),
        (np.arange(9) > 3, {}, "has dtype bool"),
        (np.arange(9).astype("M8[s]"), {}, "has dtype datetime64"),
        (np.array(["a", 1, None], object), {}, "has dtype object"),
        (["a", "", "c", ""], {}, r"column '0/id' has an empty id in row 1 \(2 in all\)"),
        ([b"a", b"", b"c"], {}, r"has an empty id in row 1 \(1 in all\)"),
        (np.zeros((9, 2), int), {}, r"must have one dimension, has shape \(9, 2\)"),
        (np.arange(9), {"by": "0/ids"}, "column '0/ids' is not among those given: '0/id'"),
    ],
)
def test_ids_that_will_not_do_are_refused(ids, how, text):
    with pytest.raises(SplitError, match=text):
        codes(ids, **{"parts": {} if "folds" in how else PARTS, "seed": 3, **how})


def test_a_column_of_another_length_is_refused():
    with pytest.raises(SplitError, match="column '0/id' has 4 rows, the axis has 5"):
        Hashed(by="0/id", parts=PARTS, seed=0).codes({"0/id": np.arange(4)}, 5)


def test_rows_that_would_move_are_refused():
    held = codes(PATIENTS[:800])
    changed = PATIENTS.copy()
    changed[3] = next(name for name, code in zip(PATIENTS, held, strict=False) if code != held[3])

    with pytest.raises(SplitError, match=r"row 3 would move \(1 of 800 rows dealt before would\)"):
        codes(changed, held=held)
    with pytest.raises(SplitError, match="create the split anew"):
        codes(PATIENTS[:700], held=held)
    with pytest.raises(
        SplitError, match=r"codes of shape \(800,\) cannot be added to by codes of shape \(4,"
    ):
        codes(PATIENTS, held=held, folds=RepeatedKFold(2, 4))


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"by": ()}, SplitError, "no column is named"),
        ({"by": ("0/a", "1/b")}, SplitError, "'0/a' of axis 0, '1/b' of axis 1"),
        ({"by": 3}, SplitError, "by must be the key of a column"),
        ({"parts": {}}, SplitError, "name the parts"),
        ({"parts": {"a": 0.9, "b": 0.2}}, SplitError, "sum to at most 1"),
        ({"folds": 1}, SplitError, "from 2 up"),
        ({"folds": Nested(2, 2)}, SplitError, "Nested folds"),
        ({"seed": 1.5}, ArgumentTypeError, "seed must be an integer"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(changes, error, text):
    with pytest.raises(error, match=text):
        Hashed(**{"by": "0/id", "parts": PARTS, "seed": 0, **changes})
