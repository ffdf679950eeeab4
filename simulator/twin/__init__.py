"""The stock-and-flow twin of the model: expected children in compartments instead of children."""

from simulator.twin.months import Twin, solve

__all__ = ["Twin", "solve"]
