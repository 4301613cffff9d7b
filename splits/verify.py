"""Is a stored split still what its recipe makes of the file? Recomputed and compared."""

from typing import Literal, TypeAlias

import attrs
import numpy as np

from h5torch.errors import H5torchError
from h5torch.file import File, opened
from h5torch.printed import printable
from splits.columns import missing_keys
from splits.making import Inputs, changed_inputs, counted, deal, inputs_of, library_versions
from splits.record import Split, fingerprint
from splits.store import Place, checked_file, list_splits, read_stored

__all__ = ["Verdict", "Verification", "verify", "verify_all"]

Verdict: TypeAlias = Literal["identical", "inputs changed", "codes altered", "not verifiable"]


@attrs.frozen(kw_only=True)
class Verification:
    """What recomputing a split showed; true where it is identical.

    Attributes:
        name: Name of the split.
        verdict: `"identical"`: its recipe makes the stored codes of the columns in the file. `"inputs
            changed"`: columns are not those that it was made from. `"codes altered"`: the columns are, and
            the codes are not those that were made. `"not verifiable"`: the split is damaged, or cannot be
            computed here; only `verify_all` says so, `verify` raises.
        changed: Keys of the columns that changed.
        reason: What was found, in a sentence.
    """

    name: str
    verdict: Verdict
    changed: tuple[str, ...] = ()
    reason: str

    def __bool__(self) -> bool:
        """Whether the split is identical."""
        return self.verdict == "identical"

    def __str__(self) -> str:
        """Return name, verdict and reason in a line."""
        return printable(f"{self.name}: {self.verdict}; {self.reason}")


def verify(f: File | Place, name: str) -> Verification:
    """Make a stored split again from the columns that the file holds now, and compare.

    Columns are compared by the digests that were taken when the split was made or last extended; rows that
    were filled in since do not count.

    Args:
        f: An open file, or the path of one.
        name: Name of the split.

    Raises:
        UnknownNameError: the file has no such split, or a recipe names a function that nobody has registered.
        FormatError: the split does not hold what it must.
        SplitError: the recipe cannot be computed here.
        ArgumentTypeError: `f` is no h5torch file or path.
    """
    with opened(f, "r") as opened_file:
        file = checked_file(opened_file, "splits.verify")
        split = read_stored(file, name)
        missing = missing_keys(file, split.recipe.keys)
        if missing:
            gone = f"the file lacks {', '.join(map(repr, missing))}"
            return Verification(name=name, verdict="inputs changed", changed=missing, reason=gone)
        inputs = inputs_of(file, split.recipe, n_rows=split.provenance.rows[-1])
    changed = changed_inputs(split, inputs, n_rows=split.provenance.rows[-1])
    if problem := _other_inputs(split, inputs, changed):
        return Verification(name=name, verdict="inputs changed", changed=changed, reason=problem)
    if problem := _other_codes(split, inputs):
        return Verification(name=name, verdict="codes altered", reason=problem)
    found = (
        f"{split.provenance.rows[-1]} rows lie where the recipe puts them ({split.provenance.fingerprint})"
    )
    return Verification(name=name, verdict="identical", reason=found)


def _other_inputs(split: Split, inputs: Inputs, changed: tuple[str, ...]) -> str | None:
    """Say what the file holds no more of what a split was made from."""
    n_rows = split.provenance.rows[-1]
    if inputs.extent.filled < n_rows:
        return f"there are {inputs.extent.filled} of {n_rows} rows that it was made from"
    if inputs.extent.length < split.table.n_rows:
        return f"axis {split.axis} has {inputs.extent.length} rows, the split has {split.table.n_rows}"
    if changed:
        return f"{', '.join(map(repr, changed))} holds other values than when the split was made"
    return None


def _other_codes(split: Split, inputs: Inputs) -> str | None:
    """Say how the codes differ from what is recorded of them, or from what the recipe makes."""
    steps, found = split.provenance.rows, fingerprint(split.table)
    if found != split.provenance.fingerprint:
        return f"the codes have fingerprint {found}, recorded is {split.provenance.fingerprint}"
    recounted = counted(split.table, steps)
    if recounted != {key: getattr(split.provenance, key) for key in recounted}:
        return "counts or shares that are recorded are not those of the codes"
    made, stored = deal(split.recipe, inputs.columns, steps), split.codes[..., : steps[-1]]
    if made.shape != stored.shape:
        told = f"the recipe makes codes of shape {made.shape}, stored are {stored.shape}"
        return told + _other_versions(split)
    rows = np.flatnonzero((made != stored).reshape(-1, steps[-1]).any(axis=0))
    if rows.size:
        told = f"{rows.size} rows, row {rows[0]} the first, are not where the recipe puts them"
        return told + _other_versions(split)
    return None


def _other_versions(split: Split) -> str:
    """Name libraries that the recipe rests on and that are not those that it was computed with."""
    now = library_versions(split.recipe)
    told = {name: split.provenance.versions.get(name, "of unknown version") for name in now}
    other = [f"{name} {told[name]}, here is {now[name]}" for name in now if now[name] != told[name]]
    return f"; it was computed with {' and '.join(other)}, which may be why" if other else ""


def verify_all(f: File | Place) -> tuple[Verification, ...]:
    """Verify every split of a file, in the order of their names; see `verify`.

    One that is damaged, or cannot be computed here, has the verdict `"not verifiable"` and the error as its
    reason.
    """
    with opened(f, "r") as opened_file:
        file = checked_file(opened_file, "splits.verify_all")
        return tuple(_verify_or_tell(file, name) for name in list_splits(file))


def _verify_or_tell(file: File, name: str) -> Verification:
    try:
        return verify(file, name)
    except H5torchError as error:
        return Verification(name=name, verdict="not verifiable", reason=str(error))
