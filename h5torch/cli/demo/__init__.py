"""The command `h5torch demo`: the whole job on real data, in a few seconds."""

from pathlib import Path


def demo(*, out: Path = Path("h5torch-demo")) -> None:
    """Build two real datasets, split them and train on them.

    The data come with what is installed: the 1,797 images of scikit-learn's digits, and the docstrings
    of Python's standard library. Files of an earlier demo in the same folder are replaced.

    Args:
        out: Folder for the two files and the picture; made if it is absent.
    """
    from h5torch.cli.demo.run import run

    run(out)
