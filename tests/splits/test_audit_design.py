"""How much less rows tell where groups stay whole: by analysis of variance, against simulation."""

import numpy as np
import pytest

import splits
from splits.auditing import audit
from splits.auditing.design import of_classes, of_numbers
from tests.splits.audited import found, of_kind, store

SHARES = {"train": 0.8, "test": 0.2}


def grouped(seed, *, alike, n_groups=40, size=100):
    """Return groups, the part of each row, and numbers of which groups explain the share `alike`."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), size)
    part = (group >= n_groups * 4 // 5).astype(np.uint8)
    inside = generator.normal(size=len(group)) * np.sqrt(1 - alike)
    return group, part, inside + generator.normal(size=n_groups)[group] * np.sqrt(alike)


@pytest.mark.parametrize("alike", [0.0, 0.1, 0.5])
def test_the_effect_of_numbers_is_that_of_kish_and_seldom_below(alike):
    effects = []
    for seed in range(60):
        group, part, values = grouped(seed, alike=alike)
        effects.append(of_numbers([group], values, part))
    expected = 1 + 99 * alike

    assert np.mean(np.array(effects) < expected) < 0.05
    assert np.median(effects) < 2 * expected


def test_a_difference_between_parts_is_none_between_groups():
    group, part, values = grouped(0, alike=0.1)

    assert of_numbers([group], values + 100.0 * part, part) == pytest.approx(
        of_numbers([group], values, part), rel=1e-6
    )


def test_classes_have_the_effect_of_their_indicators():
    group, part, values = grouped(1, alike=0.3)
    classes = np.digitize(values, [-0.5, 0.5])
    effects = of_classes([group], classes, part, 3)

    for label in range(3):
        assert effects[label] == pytest.approx(of_numbers([group], (classes == label) * 1.0, part))


def test_groups_of_one_class_tell_as_much_as_one_row_each():
    group = np.repeat(np.arange(40), 50)
    part = (group >= 30).astype(np.uint8)

    assert of_classes([group], group % 2, part, 2) == pytest.approx([50, 50])
    assert of_numbers([group], (group % 2) * 1.0, part) == pytest.approx(50)


def test_groups_of_one_row_or_one_a_part_are_told_apart():
    values = np.random.default_rng(0).normal(size=100)
    part = (np.arange(100) >= 80).astype(np.uint8)

    assert of_numbers([np.arange(100)], values, part) == 1
    assert of_numbers([part.astype(np.intp)], values, part) == pytest.approx(0.8 * 80 + 0.2 * 20)
    assert of_numbers([], values, part) == 1


@pytest.mark.parametrize("stored", ["recipe", "asked"])
def test_drift_in_a_grouped_split_is_a_warning_where_groups_do_not_explain_it(tmp_path, stored):
    generator = np.random.default_rng(3)
    group, _, _ = grouped(0, alike=0)
    recipe = splits.Grouped(by="0/donor", parts=SHARES, seed=0)
    codes = recipe.codes({"0/donor": group}, len(group))
    label = (generator.random(len(group)) < np.where(codes == 1, 0.73, 0.5)).astype(int)
    rows = generator.normal(size=(len(group), 5))
    rows[codes == 1, 2] += 0.6
    columns = {"central": rows, "0/donor": group, "0/label": label}
    path = store(
        tmp_path / "x.h5t",
        columns,
        codes,
        parts=("train", "test"),
        recipe=recipe if stored == "recipe" else None,
    )
    report = audit(path, "main", groups=() if stored == "recipe" else "0/donor")

    assert found(report) == [("warning", "classes", "0/label"), ("warning", "spread", "central")]


@pytest.mark.parametrize("stored", ["recipe", "asked"])
def test_what_groups_explain_is_no_warning_whoever_named_them(tmp_path, stored):
    for seed in range(10):
        group, _, values = grouped(seed, alike=0.6, n_groups=30)
        recipe = splits.Grouped(by="0/donor", parts=SHARES, seed=seed)
        codes = recipe.codes({"0/donor": group}, len(group))
        columns = {"central": np.stack([values, -values], axis=1), "0/donor": group, "0/kind": group % 3}
        by = recipe if stored == "recipe" else None
        path = store(tmp_path / f"{seed}.h5t", columns, codes, parts=("train", "test"), recipe=by)
        report = audit(path, "main", groups=() if by else "0/donor", by="0/kind", rows=())

        assert not [one for one in found(report) if one[1] in ("classes", "spread") and one[0] == "warning"]
        assert of_kind(report, "groups")[0].found.n_values == 0


def test_one_group_that_leaks_does_not_turn_the_others_into_drift(tmp_path):
    group, _, values = grouped(4, alike=0.6, n_groups=30)
    recipe = splits.Grouped(by="0/donor", parts=SHARES, seed=4)
    codes = recipe.codes({"0/donor": group}, len(group))
    codes[0] = 1 - codes[0]
    columns = {"central": np.stack([values, -values], axis=1), "0/donor": group, "0/kind": group % 3}
    path = store(tmp_path / "x.h5t", columns, codes, parts=("train", "test"), recipe=recipe)
    report = audit(path, "main", by="0/kind", rows=())

    assert [one for one in found(report) if one[0] != "note"] == [("leak", "groups", "0/donor")]
