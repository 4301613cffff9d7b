"""`splits.register`: one function a name and version, of this process or of an installed package."""

# ruff: noqa: ARG001, ARG005 - split functions have these arguments, used or not

import inspect

import pytest

from h5torch.errors import UnknownNameError
from splits.errors import SplitError
from splits.foreign.registry import Registry
from splits.recipes.custom import Custom


def first(columns, n_rows, *, seed):
    """Give every row to the first part."""
    return [0] * n_rows


def second(columns, n_rows, *, seed):
    """Give every row to the second part."""
    return [1] * n_rows


def custom(name, function_version=1):
    return Custom(name=name, function_version=function_version, parts=("train", "test"), seed=0)


def test_one_name_is_one_function_and_may_have_several_versions():
    registry = Registry("h5torch.test")
    registry.register("f")(first)
    registry.register("f")(first)
    registry.register("f", version=2)(second)

    assert registry.find("f", 1).function is first
    assert registry.find("f", 2).function is second
    with pytest.raises(SplitError, match=r"'f' of version 2 is .*second and cannot be .*first, too"):
        registry.register("f", version=2)(first)
    with pytest.raises(SplitError, match="is registered in version 1, 2, the recipe asks for 3"):
        registry.find("f", 3)


def test_a_module_that_is_loaded_again_registers_its_functions_again():
    registry, source = Registry("h5torch.test"), inspect.getsource(second)
    again = {"__name__": second.__module__}
    exec(source, again)
    registry.register("f")(second)
    registry.register("f")(again["second"])

    assert registry.find("f", 1).function is again["second"]


def test_functions_without_a_name_are_told_apart():
    registry = Registry("h5torch.test")
    registry.register("f")(lambda columns, n_rows, *, seed: [0])
    with pytest.raises(SplitError, match="choose another name, or raise the version"):
        registry.register("f")(lambda columns, n_rows, *, seed: [1])


@pytest.mark.parametrize("function", [5, lambda columns: 0, lambda columns, n_rows: 0])
def test_what_cannot_be_called_so_is_not_registered(function):
    with pytest.raises(SplitError, match=r"'f' must be like function\(columns, n_rows, \*, seed"):
        Registry("h5torch.test").register("f")(function)


def install(folder, monkeypatch, package, entries, code):
    """Lay out an installed package: a module, and metadata with entry points."""
    (folder / f"{package}.py").write_text(code)
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[h5torch.splits]\n" + "\n".join(entries) + "\n")
    monkeypatch.syspath_prepend(folder)


def test_an_installed_package_provides_what_its_entry_points_name(tmp_path, monkeypatch):
    lines = ["import splits", "@splits.register('test-scaffold', version=2)"]
    code = "\n".join([*lines, "def f(columns, n_rows, *, seed):", "    return [1] * n_rows"])
    entries = ["test-scaffold = scaffold_one:f", "test-silent = scaffold_one:f", "test-lost = scaffold_one:g"]
    install(tmp_path, monkeypatch, "scaffold_one", entries, code)

    recipe = custom("test-scaffold", function_version=2)
    assert recipe.codes({}, 3).tolist() == [1, 1, 1]
    with pytest.raises(SplitError, match="'scaffold_one:f' was loaded and has registered no split function"):
        custom("test-silent").codes({}, 6)
    with pytest.raises(SplitError, match="'test-lost' cannot be loaded from entry point 'scaffold_one:g'"):
        custom("test-lost").codes({}, 6)
    with pytest.raises(UnknownNameError, match="did you mean 'test-silent'"):
        custom("test-silet").codes({}, 6)


def test_two_packages_with_one_name_are_refused(tmp_path, monkeypatch):
    for package in ("scaffold_two", "scaffold_three"):
        install(tmp_path, monkeypatch, package, [f"test-both = {package}:f"], "")

    with pytest.raises(SplitError, match=r"several packages \(scaffold_three:f, scaffold_two:f\)"):
        custom("test-both").codes({}, 6)
