"""The parent's side of the protocol: a child process that answers questions, one line each."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

_CHILD = Path(__file__).parent / "child.py"
_TAIL = 4096


class RefusedError(Exception):
    """A child said no, died, or did not answer in time; the message is one line."""


class Child:
    """An adapter at work in its own environment."""

    def __init__(self, python: Path, module: str, *, log: Path, ours: bool) -> None:
        """Start the process.

        Args:
            python: The interpreter of its environment.
            module: What it serves.
            log: Where what it prints goes.
            ours: Whether it sees the import path of this process: a peer must not.
        """
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as printed:
            self._process = subprocess.Popen(  # noqa: S603  # our own script, by its path
                [str(python), str(_CHILD), module, json.dumps({"threads": 1})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                env=environment(log.parent, ours=ours),
                start_new_session=True,
            )

    def ask(self, do: str, *, patience: float, **details: Any) -> dict[str, Any]:
        """Ask one question and wait for the answer.

        Args:
            do: What to do.
            patience: Seconds to wait.
            details: What it needs to know.

        Raises:
            RefusedError: the child refused, died, or did not answer in time.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ValueError(do)
        try:
            stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise RefusedError(self._last_words(do)) from None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if not selector.select(patience):
                self.stop()
                msg = f"{do}: no answer in {patience:.0f} s"
                raise RefusedError(msg)
        line = stdout.readline()
        if not line:
            raise RefusedError(self._last_words(do))
        reply: dict[str, Any] = json.loads(line)
        if "refused" in reply:
            raise RefusedError(reply["refused"])
        answer: dict[str, Any] = reply["ok"]
        return answer

    @property
    def alive(self) -> bool:
        """Whether the process can be asked."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process and all that it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # a question that nobody read
                    pipe.close()

    def __enter__(self) -> Self:
        """Return the child."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.stop()

    def _last_words(self, do: str) -> str:
        self._process.wait()
        lines = self._log.read_bytes()[-_TAIL:].decode(errors="replace").strip().splitlines()
        told = next((line for line in reversed(lines) if line and not line.startswith(" ")), "no word")
        return f"{do}: ended with {self._process.returncode}: {told.strip()[:200]}"


def environment(cache: Path, *, ours: bool) -> dict[str, str]:
    """Return the environment variables of a child: one thread for numbers, caches beside the data."""
    kept = {name: value for name, value in os.environ.items() if ours or name != "PYTHONPATH"}
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    own: Mapping[str, str] = {"HF_HOME": str(cache / "hf"), "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    return {**kept, **one, **own}
