"""Adapters of other libraries, one small script each; each runs in an environment of its own."""
