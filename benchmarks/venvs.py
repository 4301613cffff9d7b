"""An environment for each peer, made when absent and when its requirements change."""

import hashlib
import subprocess
import sys
from pathlib import Path

from benchmarks import roster
from benchmarks.processes import RefusedError

_STAMP = "requirements.sha256"


def ensure(adapter: roster.Adapter, venvs: Path) -> Path:
    """Make the environment of an adapter, unless it is there; return its interpreter.

    Raises:
        RefusedError: pip could not install what it needs.
    """
    if adapter.ours:
        return Path(sys.executable)
    folder = venvs / adapter.name
    python, stamp, wanted = folder / "bin" / "python", folder / _STAMP, digest(adapter)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(folder)])
    listed = [part for path in roster.requirements(adapter) for part in ("-r", str(path))]
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _run([*pip, *listed])
    alone = no_deps(adapter)
    if alone.exists():
        _run([*pip, "--no-deps", "-r", str(alone)])
    stamp.write_text(wanted)
    return python


def no_deps(adapter: roster.Adapter) -> Path:
    """Return the file of what is installed without what it asks for; most adapters have none."""
    return roster.REQUIREMENTS / f"{adapter.name}.no-deps.txt"


def digest(adapter: roster.Adapter) -> str:
    """Return a digest of all that an adapter requires."""
    paths = [path for path in (*roster.requirements(adapter), no_deps(adapter)) if path.exists()]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # pip and venv
    if done.returncode:
        told = [line for line in done.stderr.strip().splitlines() if line.startswith("ERROR")]
        msg = f"pip: {(told or ['failed'])[-1][:200]}"
        raise RefusedError(msg)
