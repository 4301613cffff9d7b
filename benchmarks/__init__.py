"""Benchmarks: how fast h5torch, its peers and the limits of the machine make batches of tensors."""
