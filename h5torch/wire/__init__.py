"""Records to HDF5 and back: the only place that spells the file format."""
