"""Drivers: how HDF5 reads a file."""

SEC2: int
