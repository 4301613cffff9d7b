"""How the benchmarks measure: tiny workloads through their server, orders, checks, turns, who takes part."""

import json
from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from benchmarks import caches, checking, options, roster, rounds, workloads
from benchmarks.gathers import GATHERS
from benchmarks.house import Limit
from benchmarks.orders import epoch_rows, index_batches, loader_batches, shuffling
from benchmarks.readers import Draw
from benchmarks.serving import Server
from benchmarks.sources import ensure_source, load_arrays
from benchmarks.timing import Span, Supply, alternate, paired_ratio, total

LAYOUTS = [work for work in workloads.ALL if work.codec is None]


def tiny(work):
    """The same workload with few rows and a small batch."""
    return attrs.evolve(work, n_rows=40, batch=5)


@pytest.mark.parametrize("work", LAYOUTS, ids=lambda work: work.name)
def test_the_gathers_return_what_is_spelled_out_row_by_row(work, tmp_path):
    work = tiny(work)
    folder = ensure_source(tmp_path, work)
    rows = np.array([3, 39, 0, 3])
    batch = Limit(work, folder, mapped=True).batch(rows)
    arrays = load_arrays(folder, mapped=False)

    assert not checking.differences(batch, checking.expected(work.layout, arrays, rows), sparse=work.sparse)
    assert set(GATHERS) == {work.layout for work in workloads.ALL}


@pytest.mark.parametrize("work", LAYOUTS, ids=lambda work: work.name)
def test_h5torch_and_the_limits_store_open_agree_and_are_timed(work, tmp_path):
    from benchmarks import house

    work = tiny(work)
    source, folder = ensure_source(tmp_path, work), tmp_path / "stored"
    folder.mkdir()
    place = {"work": json.loads(json.dumps(attrs.asdict(work))), "folder": folder, "source": source}
    server = Server(house)
    told = server.write(place)
    assert told["bytes"] == sum(path.stat().st_size for path in folder.iterdir()) > 0
    ways = server.open(place)["ways"]
    for name, own in ways.items():
        for way in own:
            assert server.check({"name": name, "way": way, "workers": 0, "seed": 1}) == {"wrong": ""}
    ask = {"names": list(ways), "way": "batch", "workers": 0, "seed": 0, "budget": 0.01, "piece": 0.001}
    found = server.round(ask)

    assert set(found["spans"]) == set(found["ratios"]) == {"h5torch", "map", "ram"}
    assert found["ratios"]["map"] == 1
    assert all(rows > 0 and seconds > 0 for rows, seconds in found["spans"].values())


def test_pages_that_are_read_are_in_the_cache(tmp_path):
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    caches.drop_pages(tmp_path)
    dropped = caches.resident_share(tmp_path)  # 0 on a disk, 1 where files lie in memory anyway
    caches.read_files(tmp_path)

    assert dropped <= caches.resident_share(tmp_path) == 1


def test_a_cold_round_draws_as_many_batches_as_it_is_told(tmp_path):
    from benchmarks import house

    work = tiny(LAYOUTS[0])
    source = ensure_source(tmp_path, work)
    server = Server(house)
    folder = tmp_path / "stored"
    folder.mkdir()
    place = {"work": attrs.asdict(work), "folder": folder, "source": source}
    server.write(place)
    server.open(place)

    found = server.cold({"name": "h5torch", "way": "batch", "seed": 0, "batches": 3, "at_most": 60.0})

    assert found["rows"] == 3 * work.batch


@pytest.mark.parametrize("order", ["shuffle", "blocks", "sequential"])
def test_an_order_draws_every_row_once_and_its_seed_decides(order):
    rows = epoch_rows(20_000, order=order, seed=4)

    assert np.array_equal(np.sort(rows), np.arange(20_000))
    assert np.array_equal(rows, epoch_rows(20_000, order=order, seed=4))
    assert (order == "sequential") == np.array_equal(rows, epoch_rows(20_000, order=order, seed=5))


def test_blocks_are_shuffled_eight_together():
    rows = epoch_rows(32 * workloads.BLOCK_ROWS, order="blocks", seed=0)
    together = workloads.BLOCKS_TOGETHER * workloads.BLOCK_ROWS
    visited = [set(part // workloads.BLOCK_ROWS) for part in rows.reshape(-1, together)]

    assert [len(blocks) for blocks in visited] == [8, 8, 8, 8]
    assert set.union(*visited) == set(range(32))


def test_batches_are_whole():
    assert [len(rows) for rows in index_batches(23, 5, order="shuffle", seed=0)] == [5, 5, 5, 5]


def test_the_rows_that_a_loader_draws_are_known_beforehand():
    loader = DataLoader(torch.arange(50), batch_size=8, sampler=shuffling(50, seed=3), drop_last=True)

    assert [batch.tolist() for batch in loader] == [rows.tolist() for rows in loader_batches(50, 8, seed=3)]


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        ({"x": torch.ones(2, 2)}, "x: 50.00% of the values are wrong"),
        ({"x": torch.ones(2, 2).double()}, "x: is float64"),
        ({"x": torch.ones(1, 2)}, r"x: is float32 \(1, 2\)"),
        ({"x": np.ones((2, 2))}, "x: is a ndarray, no tensor"),
        ({"x": torch.ones(2, 2).to_sparse_coo()}, "x: has the layout"),
        ({"y": torch.ones(2, 2)}, "has the keys"),
    ],
)
def test_a_batch_that_is_not_as_the_source_is_told(batch, told):
    wanted = {"x": np.array([[1, 1], [0, 0]], dtype=np.float32)}

    (found,) = checking.differences(batch, wanted, sparse=False)

    with pytest.raises(ValueError, match=told):
        raise ValueError(found)


def test_a_wrong_adapter_is_caught_by_the_check_of_its_first_batches(tmp_path):
    from benchmarks.serving import first_differences

    class Shifted(Limit):
        def batch(self, rows):
            return super().batch((rows + 1) % self.work.n_rows)

    work = tiny(LAYOUTS[0])
    folder = ensure_source(tmp_path, work)
    draw = Draw(way="batch", workers=0, seed=0)

    told = first_differences(Shifted(work, folder, mapped=True), draw, load_arrays(folder, mapped=True))

    assert told.startswith("batch 0 of batch: x: ")


def test_a_supply_goes_on_with_the_next_seed_and_does_not_count_what_warms_it():
    seeds = []

    def begin(seed):
        seeds.append(seed)
        return iter([{"x": torch.zeros(2, 3)}] * 4)

    supply = Supply(begin, seed=10, warm=1, cycle=1)
    spans = [supply.run(1e-9) for _ in range(7)]

    assert [span.rows for span in spans] == [2] * 7
    assert seeds == [10, 11, 12]


def test_a_supply_draws_whole_cycles():
    supply = Supply(lambda _: iter([{"x": torch.zeros(2, 3)}] * 4), seed=0, warm=0, cycle=3)

    assert [supply.run(1e-9).rows for _ in range(3)] == [6, 6, 6]


def test_contestants_take_turns_until_their_budget_is_spent():
    supplies = {
        name: Supply(lambda _: iter([{"x": torch.zeros(2, 3)}] * 50), seed=0, warm=1, cycle=1)
        for name in "ab"
    }

    spans = alternate(supplies, budget=0.01, piece=0.001)

    assert len(spans["a"]) == len(spans["b"]) >= 2
    assert sum(total(own).seconds for own in spans.values()) >= 0.02


def test_a_paired_ratio_is_the_median_over_the_turns():
    ours = [Span(rows=rows, seconds=1.0) for rows in (10, 30, 20)]
    limit = [Span(rows=10, seconds=1.0)] * 3

    assert paired_ratio(ours, limit) == 2
    assert total(ours) == Span(rows=60, seconds=3.0)


def test_every_peer_has_its_script_and_pins_every_requirement():
    root = Path(roster.__file__).parent.parent
    for adapter in roster.PEERS:
        assert (root / f"{adapter.module.replace('.', '/')}.py").is_file()
        for path in roster.requirements(adapter):
            lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
            assert lines
            assert all(line.count("==") == 1 for line in lines)


def test_a_peer_that_takes_no_part_says_why():
    coo, packed = (workloads.ALL[at] for at in (5, 6))
    reasons = {adapter.name: adapter.reason_against(coo) for adapter in roster.PEERS}

    assert {name for name, reason in reasons.items() if reason} == {"scdataset", "webdataset", "litdata"}
    assert all(
        bool(adapter.reason_against(packed)) == (adapter.name not in {"h5py", "zarr", "scdataset"})
        for adapter in roster.PEERS
    )


def test_peers_are_timed_one_by_one_and_the_limits_with_us():
    ways = {"h5torch": ["batch", "loader"], "map": ["batch", "loader"], "ram": ["batch", "loader"]}
    ours = list(rounds.laps_of("house", ways, workloads.ALL[0]))
    peers = list(rounds.laps_of("h5py", {"h5py": ["batch"], "h5py-rows": ["batch"]}, workloads.ALL[0]))

    assert [lap.names for lap in ours if lap.way == "batch"] == [("h5torch", "map", "ram")]
    assert [lap.workers for lap in ours if lap.way == "loader"] == [0, 2]
    assert [lap.names for lap in peers] == [("h5py",), ("h5py-rows",)]


def test_the_command_line_knows_its_words(capsys):
    found = options.parse(["--only", "dense,compressed", "--peers", "none", "--rows-scale", "0.5"])
    works = workloads.chosen(found.only, scale=found.rows_scale)

    assert [work.name for work in works] == ["dense", *[work.name for work in workloads.ALL if work.codec]]
    assert works[0].n_rows == 250_000
    assert roster.chosen(found.peers) == ()
    with pytest.raises(SystemExit):
        options.parse(["--only", "sparse"])
    assert "there is no sparse" in capsys.readouterr().err
