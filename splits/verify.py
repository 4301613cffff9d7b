"""Is a stored split still what its recipe makes of the file? Recomputed and compared."""

from typing import Literal, TypeAlias

import attrs
import numpy as np

from h5torch.file import opened
from h5torch.wire.stamps import Source
from splits.columns import missing_keys
from splits.making import changed_inputs, deal, inputs_of, library_versions
from splits.record import Split, fingerprint
from splits.store import Place, checked_file, list_splits, read_stored

__all__ = ["Verdict", "Verification", "verify", "verify_all"]

Verdict: TypeAlias = Literal["identical", "inputs changed", "codes altered"]


@attrs.frozen(kw_only=True)
class Verification:
    """What recomputing a split showed; true where it is identical.

    Attributes:
        name: Name of the split.
        verdict: `"identical"`: its recipe makes the stored codes of the columns in the file. `"inputs
            changed"`: columns are not those that it was made from. `"codes altered"`: the columns are, and
            the codes are not those that were made.
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
        return f"{self.name}: {self.verdict}; {self.reason}"


def verify(f: Source | Place, name: str) -> Verification:
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
        steps = split.provenance.rows
        missing = missing_keys(file, split.recipe.keys)
        if missing:
            gone = ", ".join(map(repr, missing))
            return Verification(
                name=name, verdict="inputs changed", changed=missing, reason=f"the file lacks {gone}"
            )
        inputs = inputs_of(file, split.recipe, n_rows=steps[-1])
    changed = changed_inputs(split, inputs)
    if inputs.extent.filled < steps[-1]:
        found = f"there are {inputs.extent.filled} of {steps[-1]} rows that it was made from"
        return Verification(name=name, verdict="inputs changed", changed=changed, reason=found)
    if changed:
        listed = ", ".join(map(repr, changed))
        return Verification(
            name=name,
            verdict="inputs changed",
            changed=changed,
            reason=f"{listed} holds other values than when the split was made",
        )
    marked, told = fingerprint(split.table), split.provenance.fingerprint
    if marked != told:
        found = f"the codes have fingerprint {marked}, recorded is {told}"
        return Verification(name=name, verdict="codes altered", reason=found)
    differ = deal(split.recipe, inputs.columns, steps) != split.codes[..., : steps[-1]]
    rows = np.flatnonzero(differ.reshape(-1, steps[-1]).any(axis=0))
    if rows.size:
        found = f"{rows.size} rows, row {rows[0]} the first, are not where the recipe puts them"
        found += _other_versions(split)
        return Verification(name=name, verdict="codes altered", reason=found)
    found = f"{steps[-1]} rows lie where the recipe puts them ({told})"
    return Verification(name=name, verdict="identical", reason=found)


def _other_versions(split: Split) -> str:
    """Name libraries that the recipe rests on and that are not those that it was computed with."""
    now = library_versions(split.recipe)
    told = {name: split.provenance.versions.get(name) for name in now}
    other = [f"{name} {told[name]}, here is {now[name]}" for name in now if now[name] != told[name]]
    return f"; it was computed with {' and '.join(other)}, which may be why" if other else ""


def verify_all(f: Source | Place) -> tuple[Verification, ...]:
    """Verify every split of a file, in the order of their names; see `verify`."""
    with opened(f, "r") as file:
        return tuple(verify(file, name) for name in list_splits(file))
