"""Files written by the published package give the samples that it gives, type by type."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import h5torch
from h5torch.batch import Sample
from h5torch.errors import FormatError, H5torchError, SubsetError
from h5torch.view import View
from tests.golden import codec

GOLDEN = Path(__file__).parent / "golden"
RECORDS = sorted(GOLDEN.glob("published-0.3.1/*.json")) + sorted(GOLDEN.glob("releases/*/*.json"))


def _name(path):
    return f"{path.parent.name}/{path.stem}"


# Where the published package answers wrongly, ours does better; each is tested below.
FAULTS = {
    "published-0.3.1/coo-2": "a mask of another length passes",
    "published-0.3.1/blocks-csr-unfilled-1": "windows over unfilled rows raise",
    "published-0.3.1/blocks-csr-unfilled-2": "windows over unfilled rows raise",
    "published-0.3.1/blocks-csr-unfilled-3": "windows over unfilled rows raise",
}


def _cases():
    for path in RECORDS:
        record = json.loads(path.read_text(encoding="utf-8"))
        for number, case in enumerate(record.get("cases", [])):
            if f"{_name(path)}-{number}" not in FAULTS:
                yield pytest.param(path.with_suffix(".h5t"), case, id=f"{_name(path)}-{number}")


def _records(key):
    """Records that have something to say under `key`."""
    found = []
    for path in RECORDS:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.get(key):
            found.append(pytest.param(path.with_suffix(".h5t"), record, id=_name(path)))
    return found


def _plain(value):
    """A sample as the published package gave it: a bare dict."""
    return dict(value) if isinstance(value, Sample) else value


@pytest.mark.parametrize(("path", "case"), list(_cases()))
@pytest.mark.filterwarnings("ignore:object .* has not been completely filled")
@pytest.mark.filterwarnings("ignore:object .* was not written to its end")
def test_a_published_file_gives_the_recorded_samples(path, case):
    seen = codec.decode(case["seen"])
    arguments = {name: codec.decode(value) for name, value in case["arguments"].items()}
    kind = getattr(h5torch, case["class"])
    if "raises" in seen:
        with pytest.raises(H5torchError):
            kind(path, **arguments)
        return
    for in_memory in (False, True):
        dataset = kind(path, in_memory=in_memory, **arguments)
        assert len(dataset) == seen["length"]
        assert codec.difference(np.asarray(seen["indices"]), dataset.indices, "indices") == ""
        for at, expected in zip(seen["positions"].tolist(), seen["samples"], strict=True):
            if isinstance(expected, codec.Raises):
                with pytest.raises(H5torchError):
                    dataset[at]
            else:
                assert codec.difference(expected, _plain(dataset[at]), f"sample {at}") == ""
        dataset.close()


def test_there_are_golden_files_of_every_release():
    releases = {path.parent.name for path in RECORDS}

    assert releases >= {"published-0.3.1", "0.1.0", "0.1.4", "0.2.0", "0.2.8", "0.2.12", "0.2.13"}
    assert len(RECORDS) > 80


@pytest.mark.parametrize(("path", "record"), _records("warnings"))
def test_an_unfilled_object_warns_as_it_always_did(path, record):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        h5torch.File(path).close()

    assert [str(warning.message) for warning in caught] == record["warnings"]


@pytest.mark.parametrize(("path", "record"), _records("damaged"))
@pytest.mark.filterwarnings("ignore:object .* has not been completely filled")
def test_a_csr_that_lost_a_row_boundary_is_refused_with_the_reason(path, record):
    assert record["damaged"]
    with pytest.raises(FormatError, match=r"a row boundary is missing.*0\.2\.12 or 0\.2\.13"):
        h5torch.Dataset(path)


@pytest.mark.filterwarnings("ignore:object .* has not been completely filled")
def test_what_lies_beside_a_damaged_object_can_still_be_read():
    dataset = h5torch.Dataset(GOLDEN / "releases/0.2.12/damaged-beside.h5t", columns=["central"])

    assert list(dataset[0]) == ["central"]


@pytest.mark.parametrize(("path", "record"), _records("torn"))
def test_a_half_registered_object_counts_as_absent(path, record):
    with h5torch.File(path) as f:
        assert record["torn_object"] in f.schema.unfinished
        assert record["torn_object"] not in f.schema.objects


def test_a_dataset_warns_of_what_counts_as_absent():
    with pytest.warns(UserWarning, match='object "0/torn" was not written to its end and counts as absent'):
        dataset = h5torch.Dataset(GOLDEN / "releases/0.3.1/torn-csr.h5t")

    assert "0/torn" not in dataset[0]


def test_a_half_registered_object_can_be_registered_anew(tmp_path):
    path = tmp_path / "torn.h5t"
    path.write_bytes((GOLDEN / "releases/0.3.1/torn-csr.h5t").read_bytes())
    with h5torch.File(path, "a") as f:
        rows = f.schema.shape[0]
        f.register(np.arange(rows), 0, name="torn")

    assert h5torch.Dataset(path)[rows - 1]["0/torn"] == rows - 1


@pytest.mark.parametrize(("path", "record"), _records("unstructured"))
def test_unstructured_objects_give_the_recorded_rows(path, record):
    with h5torch.File(path) as f:
        view = View(f, f.schema)
        for name, rows in record["unstructured"].items():
            key = f"unstructured/{name}"
            layout = f.schema.layout(key)
            for at, spelled in enumerate(rows):
                expected = codec.decode(spelled)
                if isinstance(expected, codec.Raises):
                    continue  # text that the published package stores and cannot give back; see below
                if layout.mode == "coo":
                    index, column = view.gather_cells(key, np.array([at]))
                    assert [int(axis[0]) for axis in index] == [int(axis) for axis in expected[0]]
                    expected, found = expected[1], column.row(0)
                else:
                    found = view.gather(key, np.array([at])).row(0)
                assert codec.difference(expected, found, f"{key} row {at}") == ""


def test_a_mask_of_another_length_is_refused_where_the_published_package_took_it():
    with pytest.raises(SubsetError, match="mask has 6 entries for 10 rows"):
        h5torch.Dataset(GOLDEN / "published-0.3.1/coo.h5t", "coo", np.ones(6, bool))


@pytest.mark.filterwarnings("ignore:object .* has not been completely filled")
def test_windows_over_unfilled_rows_hold_zeros():
    windows = h5torch.SliceDataset(GOLDEN / "published-0.3.1/blocks-csr-unfilled.h5t", window_size=2)
    unfilled = windows[len(windows) - 1]["central"]

    assert unfilled.shape[0] == 2
    assert not unfilled[-1].any()


def test_text_stored_from_objects_comes_back_as_str_where_the_published_package_raises():
    with h5torch.File(GOLDEN / "published-0.3.1/text-objects.h5t") as f:
        values = f.column("unstructured/rows_raise")

    assert values.dtype.kind == "U"
    assert all(values.ravel())
