"""What comes out: the memory of a run, the labelled dataset, indicators, levels and files."""
