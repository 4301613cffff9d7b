"""Memory that is used again: never while anything looks at it, and never without bound."""

import multiprocessing
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from torch.utils.dlpack import from_dlpack

import h5torch
from h5torch import buffers
from h5torch.buffers import LEAST_BYTES, empty

SHAPE = (LEAST_BYTES // 4 // 8, 8)
HOLDERS = {
    "array": lambda array: array,
    "slice": lambda array: array[5:7, 1:],
    "element view": lambda array: array[3:4, 3:4].reshape(-1),
    "another dtype": lambda array: array.view(np.uint8),
    "transposed": lambda array: array.T,
    "flat iterator": lambda array: array.flat,
    "memoryview": lambda array: memoryview(array)[1:2],
    "tensor": torch.from_numpy,
    "row of a tensor": lambda array: torch.from_numpy(array)[9],
    "detached tensor": lambda array: torch.from_numpy(array).view(-1)[::3].detach(),
    "storage": lambda array: torch.from_numpy(array).untyped_storage(),
    "array of a tensor": lambda array: torch.from_numpy(array)[1:].numpy(),
    "capsule": from_dlpack,
    "from buffer": lambda array: np.frombuffer(array.data, np.float32, 4),
}


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("hold", HOLDERS.values(), ids=HOLDERS)
def test_memory_is_not_used_again_while_anything_looks_at_it(hold):
    array = empty(SHAPE, np.dtype(np.float32))
    array.fill(1)
    place, holder = address(array), hold(array)
    del array
    others = [empty(SHAPE, np.dtype(np.float32)) for _ in range(20)]

    assert place not in {address(other) for other in others}
    del holder, others
    found = [empty(SHAPE, np.dtype(np.float32)) for _ in range(30)]
    assert place in {address(other) for other in found}


def test_no_two_arrays_that_live_share_a_byte():
    arrays = [empty((LEAST_BYTES + at * 1000,), np.dtype(np.uint8)) for at in range(40)]
    for at, array in enumerate(arrays):
        array.fill(at)

    assert all((array == at).all() for at, array in enumerate(arrays))


@pytest.mark.parametrize("dtype", ["?", "i1", "<u2", ">i4", "f2", "f8", "D", "M8[s]", "S3", "U2"])
@pytest.mark.parametrize(
    "n_bytes", [0, 64, LEAST_BYTES - 100, LEAST_BYTES, LEAST_BYTES + 999, 3 * LEAST_BYTES]
)
def test_an_array_has_the_shape_and_dtype_asked_for(dtype, n_bytes):
    dtype = np.dtype(dtype)
    shape = (n_bytes // dtype.itemsize, 1)
    for _ in range(2):
        array = empty(shape, dtype)
        assert (array.dtype, array.shape) == (dtype, shape)
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.flags.aligned
        array[...] = np.zeros((), dtype)


@pytest.mark.parametrize("shape", [(0, 10**9), (10**9, 0), (0,)])
def test_an_array_without_values_needs_no_memory(shape):
    assert empty(shape, np.dtype(np.float64)).shape == shape


def kept():
    return {size: size * len(blocks) for size, blocks in buffers._free.items()}


def test_what_is_kept_is_bounded():
    for n_bytes in (LEAST_BYTES, 1 << 20, 10 << 20, 33 << 20, 40 << 20):
        arrays = [empty((n_bytes,), np.dtype(np.uint8)) for _ in range(max(2, (80 << 20) // n_bytes))]
        del arrays
    for size, total in kept().items():
        assert total <= max(32 << 20, size)


def test_sizes_that_nobody_asks_for_are_forgotten():
    for at in range(200):
        empty((LEAST_BYTES + (at << 17),), np.dtype(np.uint8))

    assert len(kept()) <= 8


def test_sizes_waste_little():
    for n_bytes in range(LEAST_BYTES, 8 * LEAST_BYTES, 77_777):
        empty((n_bytes,), np.dtype(np.uint8))
        size = min(size for size in kept() if size >= n_bytes)
        assert size <= n_bytes * 9 / 8 + 1


def test_threads_never_hold_the_same_memory():
    wrong, begin = [], threading.Barrier(4)

    def work(number):
        begin.wait(timeout=20)
        for at in range(150):
            array = empty(SHAPE, np.dtype(np.float32))
            array.fill(number)
            other = empty((LEAST_BYTES + at % 3 * LEAST_BYTES,), np.dtype(np.uint8))
            other.fill(number)
            if not ((array == number).all() and (other == number).all()):
                wrong.append(number)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    finally:
        sys.setswitchinterval(before)

    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def overwrite(sent):
    arrays = [empty(SHAPE, np.dtype(np.float32)) for _ in range(3)]
    for array in arrays:
        array.fill(-1)
    sent.put(sum(float(array.sum()) for array in arrays))


def test_a_forked_child_has_memory_of_its_own():
    array, gone = empty(SHAPE, np.dtype(np.float32)), empty(SHAPE, np.dtype(np.float32))
    array.fill(3)
    del gone
    context = multiprocessing.get_context("fork")
    sent = context.Queue()
    child = context.Process(target=overwrite, args=(sent,))
    child.start()
    total = sent.get(timeout=30)
    child.join(timeout=30)

    assert (child.exitcode, total) == (0, -3.0 * array.size)
    assert (array == 3).all()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Batches of 1,000 rows of it take memory that is used again."""
    path = tmp_path_factory.mktemp("large") / "x.h5t"
    counts = np.zeros((3000, 400), np.float32)
    counts[np.arange(3000), np.arange(3000) % 400] = np.arange(3000)
    with h5torch.File(path, "w") as f:
        f.register(np.repeat(np.arange(3000, dtype=np.float32), 200).reshape(-1, 200), "central")
        f.register(counts, 0, name="csr", mode="csr")
    return path


@pytest.mark.parametrize("options", [{}, {"columns": ["central"]}, {"reader": "pread"}, {"in_memory": True}])
def test_batches_that_live_never_share_memory(large, options):
    dataset = h5torch.Dataset(large, **options)
    random, kept = np.random.default_rng(0), []
    for _ in range(12):
        positions = random.integers(0, 3000, 1000)
        batch = dataset.batch(positions)
        kept.append((positions, {key: tensor[::7] for key, tensor in batch.items()}))
        if len(kept) == 4:
            del kept[1]
        for rows, parts in kept:
            assert (parts["central"].numpy() == rows[::7, None]).all()
            assert "0/csr" not in parts or (parts["0/csr"].sum(1).numpy() == rows[::7]).all()


def test_a_large_batch_checks_its_positions_too(large):
    dataset = h5torch.Dataset(large, columns=["central"])
    positions = np.arange(1000)
    for wrong in (3000, -3001, 2**62, -(2**63)):
        positions[500] = wrong
        with pytest.raises(h5torch.errors.RowError, match=f"index {wrong} is out of range for 3000 rows"):
            dataset.batch(positions)
    positions[500] = -1
    assert dataset.batch(positions)["central"][500, 0] == 2999


def test_memory_that_lives_until_the_end_of_a_program_ends_in_silence():
    code = "from h5torch.buffers import empty; import numpy as np; x = empty((1 << 20,), np.dtype('u1'));"
    code += "import builtins, sys; builtins.kept = [x]; sys.kept = empty((1 << 21,), np.dtype('u1'))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stderr == ""
