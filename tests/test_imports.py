"""What an import brings along, measured in a fresh interpreter."""

import subprocess
import sys

import pytest

import h5torch

NOT_IN_THE_CORE = {"cyclopts", "matplotlib", "pandas", "pyarrow", "rich", "scipy", "sklearn"}


def imported_by(code: str) -> set[str]:
    """Run `code` in a new interpreter and return the top-level names of all modules it loaded."""
    script = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import h5torch",
        "import h5torch; h5torch.File",
        "import h5torch; h5torch.Dataset",
        "import h5torch; h5torch.collate",
        "import splits, samplers",
        "import splits, samplers; splits.create, splits.Stratified, samplers.loader, samplers.Shuffled",
    ],
)
def test_the_core_imports_nothing_that_only_some_users_need(code):
    assert imported_by(code) & NOT_IN_THE_CORE == set()


@pytest.mark.parametrize("code", ["import h5torch.cli", "import h5torch.cli.app"])
def test_the_command_line_waits_with_heavy_imports_until_a_command_runs(code):
    assert imported_by(code) & {"h5py", "matplotlib", "numpy", "sklearn", "torch"} == set()


def test_the_package_lists_its_names_and_refuses_others():
    assert {"Dataset", "File", "collate"} <= set(dir(h5torch))
    with pytest.raises(AttributeError, match="module 'h5torch' has no attribute 'Datset'"):
        h5torch.Datset  # noqa: B018 - looking it up is the test
