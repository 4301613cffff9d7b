"""How many bytes an object takes."""

from typing import Any


def stored_bytes(node: Any) -> int:
    """Return the bytes that a dataset, or the datasets in a group, take on disk; links are not followed.

    Values of variable length lie in the file's heap and are not counted.
    """
    sizes: list[int] = []

    def add(_: str, child: Any) -> None:
        if hasattr(child.id, "get_storage_size"):
            sizes.append(int(child.id.get_storage_size()))

    add("", node)
    if hasattr(node, "visititems"):
        node.visititems(add)
    return sum(sizes)
