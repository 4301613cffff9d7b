"""What a file holds, as one record, and the rules that hold between its objects."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import attrs

from h5torch.errors import FormatError, RegisterError, UnknownNameError
from h5torch.layouts import CooLayout, Layout
from h5torch.names import did_you_mean

V = TypeVar("V")
CENTRAL = "central"
UNSTRUCTURED = "unstructured"


class ByKey(Mapping[str, V]):
    """A mapping that nobody can change, and that pickles."""

    def __init__(self, items: Mapping[str, V]) -> None:
        """Copy `items`."""
        self._items = dict(items)

    def __getitem__(self, key: str) -> V:
        """Return what `key` stands for."""
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        """Go over the keys."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._items)

    def __repr__(self) -> str:
        """Show the items as a dict shows them."""
        return repr(self._items)


@attrs.frozen(kw_only=True)
class Schema:
    """The layouts of a file's objects by key: `central`, `0/name`, `unstructured/name`."""

    objects: Mapping[str, Layout] = attrs.field(converter=ByKey[Layout])
    problems: Mapping[str, str] = attrs.field(converter=ByKey[str], factory=dict)
    """What is wrong with an object, by key; such an object cannot be read."""
    unfinished: tuple[str, ...] = ()
    """Keys of objects whose writing was cut short; they count as absent."""

    @property
    def central(self) -> Layout:
        """Layout of the central object.

        Raises:
            FormatError: there is none, or it is damaged.
        """
        if CENTRAL not in self.objects:
            missing = 'the "central" data object was not found; register it with axis="central"'
            msg = f"/{CENTRAL}: {self.problems.get(CENTRAL, missing)}"
            raise FormatError(msg)
        return self.objects[CENTRAL]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the central object: the lengths of the axes."""
        return self.central.shape

    def aligned(self, axis: int) -> tuple[str, ...]:
        """Keys of the objects aligned to `axis`, damaged ones included, in the file's order."""
        return tuple(sorted(key for key in {**self.objects, **self.problems} if key.startswith(f"{axis}/")))

    def layout(self, key: str) -> Layout:
        """Return the layout of one object.

        Raises:
            UnknownNameError: the file holds no such object.
            FormatError: the object is damaged.
        """
        self.check([key])
        if key not in self.objects:
            msg = f"no object {key!r} in this file; {did_you_mean(key, self.objects)}"
            raise UnknownNameError(msg)
        return self.objects[key]

    def check(self, keys: Iterable[str] | None = None) -> None:
        """Refuse objects that cannot be read rightly, all at once.

        Args:
            keys: Keys to look at; all of them where this is `None`.

        Raises:
            FormatError: at least one has a problem; each is listed with its path.
        """
        wanted = set(self.problems) if keys is None else set(keys) & set(self.problems)
        if wanted:
            lines = "\n".join(f"/{key}: {self.problems[key]}" for key in sorted(wanted))
            raise FormatError(lines)


def is_axis(name: str) -> bool:
    """Whether a group of this name holds what is aligned to an axis: digits, no leading zero."""
    return name.isascii() and name.isdecimal() and name == str(int(name))


def alignment_problem(key: str, layout: Layout, shape: tuple[int, ...]) -> str | None:
    """Say why an object does not fit the axis it is aligned to, if so."""
    axis_name, _, _ = key.partition("/")
    if not is_axis(axis_name):
        return None
    axis = int(axis_name)
    if axis >= len(shape):
        return f"aligned to axis {axis}, but the central object of shape {shape} has {len(shape)} axes"
    if isinstance(layout, CooLayout):
        return "mode='coo' cannot be aligned to an axis, its rows are not stored together; use mode='csr'"
    if layout.n_rows != shape[axis]:
        return (
            f"has {layout.n_rows} rows, axis {axis} of the central object has {shape[axis]}; row i must "
            "belong to index i of that axis"
        )
    return None


def check_alignment(key: str, layout: Layout, shape: tuple[int, ...]) -> None:
    """Refuse an object that does not fit the axis it is to be aligned to.

    Raises:
        RegisterError: wrong length, an axis that does not exist, or a layout without rows.
    """
    problem = alignment_problem(key, layout, shape)
    if problem:
        msg = f"{key}: {problem}"
        raise RegisterError(msg)
