"""Settings that every test runs under."""

import os

from hypothesis import settings

# Set before anything imports torch or Matplotlib; child processes inherit them. Two workers on two
# cores leave one thread to each, and no test opens a window.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

# Files on disk take as long as the disk takes, so no example has a deadline.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "desk"))
