"""The three examples of the page this project began from run as they stand."""

import textwrap

import numpy as np
import pytest

EXAMPLES = {
    "matrix": """
        import h5torch
        import numpy as np
        f = h5torch.File("example.h5t", "w")
        X = np.random.randn(100, 15)
        y = np.random.rand(100)
        f.register(X, "central")
        f.register(y, 0, name = "y")
        f.close()

        dataset = h5torch.Dataset("example.h5t")
        dataset[5], len(dataset)
    """,
    "labels": """
        import h5torch
        import numpy as np
        f = h5torch.File("example.h5t", "w")
        X = np.random.randn(100, 15)
        y = np.random.rand(100)
        f.register(y, "central")
        f.register(X, 0, name = "X")
        f.close()

        dataset = h5torch.Dataset("example.h5t")
        dataset[5], len(dataset)
    """,
    "scores": """
        import h5torch
        import numpy as np
        f = h5torch.File("example.h5t", "w")

        Y = (np.random.rand(1000, 500) > 0.95).astype(int)
        row_features = np.random.randn(1000, 15)
        col_names = np.arange(500).astype(bytes)


        f.register(Y, "central", mode = "coo")
        f.register(row_features, 0, name = "row_features")
        f.register(col_names, 1, name = "col_names")
        f.close()

        dataset = h5torch.Dataset("example.h5t", sampling = "coo")
        dataset[5], len(dataset)
    """,
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run an example in a folder of its own and return its names."""
    monkeypatch.chdir(tmp_path)

    def run(name):
        names = {}
        exec(textwrap.dedent(EXAMPLES[name]), names)
        return names

    return run


def test_a_matrix_with_labels(run):
    names = run("matrix")

    assert len(names["dataset"]) == 100
    assert np.array_equal(names["dataset"][5]["central"], names["X"][5])
    assert names["dataset"][5]["0/y"] == names["y"][5]


def test_labels_with_a_matrix(run):
    names = run("labels")

    assert type(names["dataset"][5]["central"]) is np.float64
    assert np.array_equal(names["dataset"][5]["0/X"], names["X"][5])


def test_nonzeros_of_a_score_matrix(run):
    names = run("scores")
    rows, columns = np.nonzero(names["Y"])
    sample = names["dataset"][5]

    assert len(names["dataset"]) == len(rows)
    assert sample["central"] == 1
    assert np.array_equal(sample["0/row_features"], names["row_features"][rows[5]])
    assert sample["1/col_names"] == names["col_names"][columns[5]]
