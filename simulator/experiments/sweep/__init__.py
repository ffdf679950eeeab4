"""Sweeps: many runs of one experiment, kept in one store, on a laptop or a cluster."""
