"""iterative-stratification in a folder of its own.

Its wheel brings a top-level package `tests` along, which, installed beside this project, hides this project's
own. So it is no extra of this project, and is seen only by the processes that measure it.
"""

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements.txt"


def ensure(folder: Path) -> None:
    """Install what `requirements.txt` pins, without what it asks for, unless the folder is there.

    Raises:
        OSError: pip could not.
    """
    if folder.exists():
        return
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    command = [*pip, "--target", str(folder), "-r", str(REQUIREMENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - pip itself
    if done.returncode:
        msg = f"pip could not install {REQUIREMENTS.name}: {done.stderr.strip()[-300:]}"
        raise OSError(msg)


def pins() -> dict[str, str]:
    """Return what is installed there, with versions."""
    return dict(line.split("==") for line in REQUIREMENTS.read_text().splitlines() if "==" in line)
