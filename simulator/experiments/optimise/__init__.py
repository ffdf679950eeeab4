"""The best use of money: a question about a budget, the search for its answer, and the answer confirmed."""
