"""`TimeOrdered`: the past trains, and margins keep it from knowing the future."""

import hashlib
import importlib
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splits.book import BOOK
from splits.errors import SplitError
from splits.recipes.time_ordered import TimeOrdered

SPLITTERS = importlib.import_module("sklearn.model_selection")

PARTS = {"train": 0.7, "val": 0.15, "test": 0.15}
TIMES = st.lists(st.integers(-50, 50), min_size=6, max_size=60)
DAYS = np.arange(20).astype("M8[D]")


def codes(times, *, ends=None, held=None, **how):
    recipe = TimeOrdered(**{"by": "0/time", "until": None if ends is None else "0/end", **how})
    columns = {"0/time": np.asarray(times), "0/end": np.asarray(ends)}
    return recipe.codes(columns, len(times), held)


def tried(times, **how):
    """Return codes, or `None` where nothing is left of a part: only that may be refused."""
    try:
        return codes(times, **how)
    except SplitError as error:
        if not any(text in str(error) for text in ("no row left", "different times", "at least one row")):
            raise
        return None


def test_parts_are_stretches_of_exact_sizes():
    assert codes(np.arange(20), parts=PARTS).tolist() == [0] * 14 + [1] * 3 + [2] * 3
    assert codes(-np.arange(20.0), parts=PARTS).tolist() == [2] * 3 + [1] * 3 + [0] * 14
    assert codes(DAYS, parts={"a": 0.5, "b": 0.2}).tolist() == [255] * 6 + [0] * 10 + [1] * 4
    assert codes([5], parts={"all": 1}).tolist() == [0]


def test_the_codes_are_pinned():
    times = np.arange(1000) * 7919 % 613
    ends = times + np.arange(1000) % 7
    found = [
        codes(times, parts=PARTS, purge=3),
        codes(times, ends=ends, folds=5, window="around", embargo=2.5),
        codes(times.astype("M8[h]"), folds=4, gap=5, window="sliding", train_rows=150, purge="1D"),
    ]

    assert [each.dtype for each in found] == [np.uint8] * 3
    digests = [hashlib.sha256(each.tobytes()).hexdigest()[:16] for each in found]
    assert digests == ["8b5ff47772a90c01", "8f276807deb4f26c", "7f5563d6d2829e0a"]


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3, 5, 8, 13, 21, 50])
def test_where_times_differ_folds_are_those_of_time_series_split(n_rows):
    times = np.random.default_rng(0).permutation(n_rows) * 3 - 40
    for n_folds in (2, 3, 5, 9):
        for test_rows in (None, 1, 2, 6):
            for gap in (0, 1, 4):
                for train_rows in (None, 1, 3, 20):
                    theirs = SPLITTERS.TimeSeriesSplit(
                        n_folds, max_train_size=train_rows, test_size=test_rows, gap=gap
                    )
                    how = {"folds": n_folds, "test_rows": test_rows, "gap": gap}
                    if train_rows is not None:
                        how |= {"window": "sliding", "train_rows": train_rows}
                    assert_same(times, how, theirs)


def assert_same(times, how, theirs):
    try:
        folds = list(theirs.split(times)) if len(times) else None
    except ValueError:
        folds = None
    found = tried(times, **how)

    assert (found is None) == (folds is None)
    if folds is not None:
        order = np.argsort(times)
        expected = np.full((len(folds), len(times)), 255)
        for fold, (train, test) in enumerate(folds):
            expected[fold, order[train]], expected[fold, order[test]] = 0, 1
        assert np.array_equal(found, expected)


@given(times=TIMES, how=st.sampled_from([{"parts": PARTS}, {"parts": {"a": 0.3, "b": 0.3}}]))
def test_parts_follow_each_other_and_share_no_time(times, how):
    found = tried(times, **how)
    times = np.array(times)
    if found is None:
        assert len(np.unique(times)) < len(how["parts"])
        return
    stretches = [times[found == code] for code in range(len(how["parts"]))]
    left_out = times[found == 255]

    assert all(len(stretch) for stretch in stretches)
    for before, after in zip([left_out, *stretches], stretches, strict=False):
        assert not len(before) or before.max() < after.min()


@given(times=TIMES)
def test_a_boundary_is_at_the_change_of_time_nearest_to_it(times):
    found = tried(times, parts={"a": 0.5, "b": 0.5})
    ordered = np.sort(times)
    changes = [row for row in range(1, len(times)) if ordered[row - 1] < ordered[row]]
    if found is not None:
        wanted = -(-len(times) // 2)
        assert int((found == 0).sum()) == min(changes, key=lambda row: (abs(row - wanted), row))


HOWS = st.sampled_from(
    [
        {"parts": PARTS},
        {"folds": 3},
        {"folds": 2, "test_rows": 2, "gap": 1},
        {"folds": 3, "window": "sliding", "train_rows": 4},
        {"folds": 3, "window": "around", "embargo": 4},
    ]
)


@given(times=TIMES, how=HOWS, purge=st.integers(0, 9), data=st.data())
def test_the_order_of_rows_does_not_matter(times, how, purge, data):
    order = data.draw(st.permutations(range(len(times))))
    ends = np.array(times) + data.draw(st.lists(st.integers(0, 9), min_size=len(times), max_size=len(times)))
    found = tried(times, ends=ends, purge=purge, **how)
    other = tried(np.array(times)[order], ends=ends[order], purge=purge, **how)

    assert (found is None) == (other is None)
    assert found is None or np.array_equal(other, found[..., order])


@given(times=TIMES, how=HOWS, purge=st.integers(0, 9))
def test_the_kind_of_numbers_and_their_origin_do_not_matter(times, how, purge):
    found = tried(times, purge=purge, **how)
    times = np.array(times)
    span = {} if "embargo" not in how else {"embargo": f"{how['embargo']}D"}
    others = [
        tried(times * 0.5 + 1e6, purge=purge / 2, **how | ({"embargo": 2.0} if span else {})),
        tried((times + 50).astype(np.uint8), purge=purge, **how),
        tried(times.astype("M8[D]"), purge=f"{purge}D", **how | span),
        tried(times.astype("M8[D]").astype("M8[ns]"), purge=f"{24 * purge}h", **how | span),
        tried(times.astype("m8[D]").astype("m8[12h]"), purge=np.timedelta64(purge, "D"), **how | span),
    ]

    for other in others:
        assert (found is None) == (other is None)
        assert found is None or np.array_equal(other, found)


@given(
    rows=st.lists(st.tuples(st.integers(-9, 30), st.integers(0, 8)), min_size=6, max_size=40),
    n_folds=st.integers(2, 4),
    purge=st.sampled_from([None, 0, 1, 2.5, 5]),
    embargo=st.sampled_from([None, 0, 1, 2.5, 5]),
    with_ends=st.booleans(),
)
def test_around_a_stretch_trains_what_neither_overlaps_nor_is_near(rows, n_folds, purge, embargo, with_ends):
    times, lasting = np.array(rows).T
    ends = times + lasting if with_ends else None
    found = tried(times, ends=ends, folds=n_folds, window="around", purge=purge, embargo=embargo)
    if found is None:
        return
    assert ((found == 1).sum(axis=0) == 1).all()
    for fold in found:
        start = times[fold == 1].min()
        end = times[fold == 1].max() if ends is None else ends[fold == 1].max()
        until = times if ends is None else ends
        before = (times < start) & (until < start) & ~(start - times < (purge or 0))
        after = (times > times[fold == 1].max()) & (times > end) & ~(times - end < (embargo or 0))
        assert np.array_equal(fold == 0, before | after)


@given(
    rows=st.lists(st.tuples(st.integers(-9, 30), st.integers(0, 8)), min_size=6, max_size=40),
    purge=st.sampled_from([None, 1, 2.5, 5]),
    gap=st.integers(0, 4),
)
def test_every_part_keeps_its_distance_from_the_next_one(rows, purge, gap):
    times, lasting = np.array(rows).T
    plain, found = (
        tried(times, parts=PARTS),
        tried(times, ends=times + lasting, parts=PARTS, purge=purge, gap=gap),
    )
    if plain is None or found is None:
        return
    assert ((found == plain) | (found == 255)).all()
    assert np.array_equal(found == 2, plain == 2)
    for part in (0, 1):
        own, start = plain == part, times[plain == part + 1].min()
        near = {
            time for time in times[own] if (own & (times >= time)).sum() - (times[own] == time).sum() < gap
        }
        out = (times + lasting >= start) | (start - times < (purge or 0)) | np.isin(times, [*near])
        assert np.array_equal(own & out, own & (found == 255))


def test_margins_by_hand():
    assert codes(DAYS, parts={"a": 0.5, "b": 0.5}, purge="3D").tolist() == [0] * 8 + [255] * 2 + [1] * 10
    assert codes(DAYS, parts={"a": 0.5, "b": 0.5}, gap=3).tolist() == [0] * 7 + [255] * 3 + [1] * 10
    lasting = np.r_[np.zeros(3, int), 7, np.zeros(5, int), 1, np.full(10, 99)]
    reached = codes(np.arange(20), ends=np.arange(20) + lasting, parts={"a": 0.5, "b": 0.5})
    assert np.flatnonzero(reached == 255).tolist() == [3, 9]
    ends = DAYS.astype("M8[h]") + np.timedelta64(23, "h")
    around = codes(DAYS, ends=ends, folds=2, window="around", purge="25h", embargo=timedelta(hours=26))
    assert around.tolist() == [[1] * 10 + [255] * 2 + [0] * 8, [0] * 9 + [255] + [1] * 10]


def test_months_are_counted_in_months():
    months = np.arange(30).astype("M8[M]")

    assert np.flatnonzero(codes(months, parts={"a": 0.5, "b": 0.5}, purge="1Y") == 255).tolist() == [
        *range(4, 15)
    ]


def test_a_sliding_window_takes_rows_of_one_time_together():
    times = np.array([0, 1, 1, 1, 2, 3, 4, 5])

    found = codes(times, folds=2, test_rows=1, window="sliding", train_rows=4)

    assert found[0].tolist() == [255] * 4 + [0, 0, 1, 255]


def test_added_rows_join_the_last_part():
    held = codes([3, 1, 2, 4], parts={"a": 0.5, "b": 0.5})

    assert codes([3, 1, 2, 4, 9, 4], held=held, parts={"a": 0.5, "b": 0.5}).tolist() == [1, 0, 0, 1, 1, 1]
    assert codes([3, 1], held=np.zeros(0, np.uint8), parts={"a": 0.5, "b": 0.5}).tolist() == [1, 0]
    with pytest.raises(
        SplitError, match=r"row 5 is at 3, before 4 of row 3, which has been dealt \(1 such rows\)"
    ):
        codes([3, 1, 2, 4, 9, 3], held=held, parts={"a": 0.5, "b": 0.5})
    with pytest.raises(SplitError, match="folds by time cannot be extended"):
        codes([3, 1, 2, 4, 9], held=codes([3, 1, 2, 4], folds=2), folds=2)


@given(
    how=HOWS,
    purge=st.sampled_from([None, 0, 3, 0.25, "7D", np.timedelta64(36, "h"), np.int64(4)]),
    until=st.sampled_from([None, "1/end"]),
)
def test_a_recipe_comes_back_from_its_json(how, purge, until):
    made = TimeOrdered(by="1/time", purge=purge, until=until, **how)
    again = BOOK.loads(BOOK.dumps(made), path="/x")

    assert (again, hash(again)) == (made, hash(made))
    assert type(again.purge) is type(made.purge)
    assert (again.axis, again.keys[0], again.frame) == (1, "1/time", made.frame)
