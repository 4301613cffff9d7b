"""The processes of all adapters: started together, kept from workload to workload, replaced when they die."""

import contextlib
from collections.abc import Iterable
from typing import Any, Self

from benchmarks import venvs
from benchmarks.options import Options
from benchmarks.processes import Child, RefusedError
from benchmarks.roster import Adapter

PATIENCE = {"write": 1800.0, "open": 300.0, "check": 300.0, "round": 300.0, "cold": 120.0}
"""Seconds to wait for an answer."""


class Crew:
    """One child process for each adapter."""

    def __init__(self, options: Options) -> None:
        """Begin with nobody."""
        self._options = options
        self._children: dict[str, Child] = {}
        self._missing: dict[str, str] = {}

    def start(self, adapter: Adapter) -> Child:
        """Start another process of an adapter.

        Raises:
            RefusedError: its environment cannot be made.
        """
        python = venvs.ensure(adapter, self._options.venvs)
        log = self._options.data / "logs" / f"{adapter.name}.log"
        return Child(python, adapter.module, log=log, ours=adapter.ours)

    def child(self, adapter: Adapter) -> Child:
        """Return the process of an adapter, a new one if there is none or it died.

        Raises:
            RefusedError: its environment cannot be made.
        """
        if adapter.name in self._missing:  # pip was asked once
            raise RefusedError(self._missing[adapter.name])
        known = self._children.get(adapter.name)
        if known is None or not known.alive:
            if known is not None:
                known.stop()
            try:
                self._children[adapter.name] = self.start(adapter)
            except RefusedError as refused:
                self._missing[adapter.name] = str(refused)
                raise
        return self._children[adapter.name]

    def start_all(self, adapters: Iterable[Adapter]) -> None:
        """Make all environments, and start all processes side by side; who is missing is told later."""
        for adapter in adapters:
            with contextlib.suppress(RefusedError):
                self.child(adapter)

    def write(self, adapter: Adapter, **place: Any) -> dict[str, Any]:
        """Have an adapter store its data.

        h5torch writes in a process of its own: what writing loads (filters, say) must not help reading.

        Raises:
            RefusedError: it cannot.
        """
        if not adapter.ours:
            return self.child(adapter).ask("write", patience=PATIENCE["write"], **place)
        with self.start(adapter) as child:
            return child.ask("write", patience=PATIENCE["write"], **place)

    def __enter__(self) -> Self:
        """Return the crew."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes."""
        for child in self._children.values():
            child.stop()
