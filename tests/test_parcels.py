"""Sparse rows that worker processes send: they travel as they are, and are dense for whoever looks."""

import copy
import operator
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.utils.data import DataLoader, default_collate, default_convert

import h5torch
from h5torch.parcels import Parcel, sealed
from h5torch.tensors import tensors_of

N, WIDTH = 30, 4000
COUNTS = sp.csr_array(
    sp.random_array((N, WIDTH), density=0.01, rng=np.random.default_rng(0), dtype=np.float32)
)
COUNTS.data = np.ceil(COUNTS.data * 9)
DENSE = COUNTS.toarray()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sparse") / "x.h5t"
    with h5torch.File(path, "w") as f:
        f.register(COUNTS, "central")
        f.register(COUNTS, 0, name="half", dtype_save="float16", dtype_load="float16")
        f.register(COUNTS, 0, name="sparse", csr_load_sparse=True)
        f.register(np.arange(N), 0, name="row")
        f.register([f"t{row}" for row in range(N)], 0, name="text")
    return path


@pytest.fixture
def parcel(path):
    """What a worker makes of rows 3, 1 and 3."""
    columns = h5torch.Dataset(path, columns=["central", "0/row"])._columns(np.array([3, 1, 3]))
    tensors = tensors_of(columns, dense=False)
    return Parcel(tensors, {"central": tensors["central"]})


EXPECTED = DENSE[[3, 1, 3]]


def is_dense(found):
    """Whether a dict holds the tensors of the parcel, in order."""
    return (
        list(found) == ["central", "0/row"]
        and all(isinstance(value, torch.Tensor) for value in found.values())
        and np.array_equal(found["central"].numpy(), EXPECTED)
        and found["0/row"].tolist() == [3, 1, 3]
    )


def keywords(**given):
    return given


def updated(parcel):
    into = {}
    into.update(parcel)
    return into


def matched(parcel):
    match parcel:
        case {"central": central, "0/row": row}:
            return {"central": central, "0/row": row}


WAYS = {
    "itself": lambda parcel: parcel,
    "dict": dict,
    "items": lambda parcel: dict(parcel.items()),
    "comprehension": lambda parcel: {key: parcel[key] for key in parcel},
    "keys": lambda parcel: {key: parcel.get(key) for key in parcel.keys()},  # noqa: SIM118
    "values": lambda parcel: dict(zip(parcel, parcel.values(), strict=True)),
    "itemgetter": lambda parcel: dict(zip(parcel, operator.itemgetter(*parcel)(parcel), strict=True)),
    "star": lambda parcel: {**parcel},
    "keywords": lambda parcel: keywords(**parcel),
    "or": lambda parcel: parcel | {},
    "or from the right": lambda parcel: {} | parcel,
    "copy": lambda parcel: parcel.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda parcel: pickle.loads(pickle.dumps(parcel)),  # noqa: S301 - pickled here
    "pop": lambda parcel: {key: parcel.pop(key) for key in list(parcel)},
    "update": updated,
    "match": matched,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_who_looks_into_a_parcel_finds_dense_tensors(parcel, way):
    assert is_dense(way(parcel))


def test_a_parcel_is_a_dict(parcel):
    assert isinstance(parcel, dict)
    assert len(parcel) == 2
    assert "central" in parcel
    assert "other" not in parcel
    assert parcel.get("other", 5) == parcel.pop("other", 6) - 1 == 5
    for ask in (parcel.__getitem__, parcel.pop):
        with pytest.raises(KeyError, match="other"):
            ask("other")


def test_what_is_put_into_a_parcel_stays(parcel):
    parcel["central"], parcel["new"] = 1, 2

    assert (parcel["central"], parcel.get("new")) == (1, 2)
    assert pickle.loads(pickle.dumps(parcel))["central"] == 1  # noqa: S301 - pickled here
    assert (parcel | {"central": 7})["central"] == 7


def test_what_travels_is_sparse(parcel):
    sent = pickle.dumps(parcel)
    dense = pickle.dumps(dict(parcel))

    assert len(sent) < len(dense) / 8
    assert len(pickle.dumps(copy.copy(parcel))) > len(dense) / 2


def test_a_tensor_taken_from_a_parcel_stays_the_same(parcel):
    first = parcel["central"]
    first[0, 0] = 99

    assert parcel["central"] is first
    assert pickle.loads(pickle.dumps(parcel))["central"][0, 0] == 99  # noqa: S301 - pickled here


def test_rows_made_by_workers_arrive_dense_and_equal(path):
    dataset = h5torch.Dataset(path)
    loader = DataLoader(dataset, batch_size=8, num_workers=2)
    alone = list(DataLoader(dataset, batch_size=8))
    batches = list(loader)

    assert [type(batch) for batch in batches] == [dict] * 4
    assert np.array_equal(torch.cat([batch["central"] for batch in batches]).numpy(), DENSE)
    for mine, theirs in zip(alone, batches, strict=True):
        assert list(mine) == list(theirs)
        assert theirs["0/text"] == mine["0/text"]
        assert theirs["0/half"].dtype == torch.float16
        assert theirs["0/sparse"].layout == torch.sparse_csr
        for key in ("central", "0/half", "0/sparse", "0/row"):
            assert torch.equal(theirs[key].to_dense(), mine[key].to_dense())
        theirs["central"].fill_(0)  # it belongs to the receiver


def look_around(samples):
    batch = default_collate(samples)
    ways = [type(batch).__name__, *(is_dense(WAYS[name](batch)) for name in WAYS if name != "pop")]
    return {"ways": ways, "row": batch["0/row"]}


def test_a_collate_function_in_a_worker_finds_dense_tensors_too(path):
    dataset = h5torch.Dataset(path, columns=["central", "0/row"])
    loader = DataLoader(dataset, batch_sampler=[[3, 1, 3]], num_workers=1, collate_fn=look_around)

    assert next(iter(loader))["ways"] == ["Parcel", *[True] * (len(WAYS) - 1)]


def changed(batch):
    batch["central"] = batch["central"] > 0
    return batch


def test_a_transform_in_a_worker_changes_what_travels(path):
    dataset = h5torch.Dataset(path, columns=["central"], transform=changed)
    (batch,) = DataLoader(dataset, batch_size=N, num_workers=1)

    assert batch["central"].dtype == torch.bool
    assert np.array_equal(batch["central"].numpy(), DENSE > 0)


class One:
    def __iter__(self):
        yield np.array([3, 1, 3])


def test_batches_of_index_arrays_arrive_dense_from_workers(path):
    dataset = h5torch.Dataset(path, columns=["central", "0/row"])
    (batch,) = DataLoader(dataset, sampler=One(), batch_size=None, num_workers=1)

    assert is_dense(batch)


def test_what_is_changed_in_a_parcel_by_any_method_of_a_dict_stays(parcel):
    parcel.update(central=5)
    parcel |= {"other": 6}
    assert (parcel["central"], parcel["other"]) == (5, 6)
    del parcel["central"]
    assert "central" not in parcel
    assert "central" not in pickle.loads(pickle.dumps(parcel))  # noqa: S301 - pickled here
    parcel.clear()
    assert (parcel.get("other"), list(parcel.items())) == (None, [])


def test_a_parcel_shows_tensors_and_never_sparse_columns(parcel):
    assert "SparseColumn" not in repr(parcel)
    assert isinstance(parcel.setdefault("central", 1), torch.Tensor)
    assert all(isinstance(parcel.popitem()[1], torch.Tensor) for _ in range(len(parcel)))


def test_batches_of_index_arrays_travel_sparse_and_are_used_as_dicts(parcel):
    """`default_convert` looks into every mapping, so these are none."""
    again = sealed(parcel)
    travels = len(pickle.dumps(default_convert(again)))

    assert default_convert(again) is again
    assert travels < len(pickle.dumps(parcel.copy())) / 8
    assert set(again) == set(again.keys()) == {*parcel}
    assert ("central" in again, len(again)) == (True, len(parcel))
    again["central"] = again["central"] + 1
    assert isinstance(again["central"], torch.Tensor)
    assert type(pickle.loads(pickle.dumps(again))) is dict  # noqa: S301 - pickled here
    assert sealed({"x": 1}) == {"x": 1}
