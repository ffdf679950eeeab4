"""Commands of the command line, a file for each part; ``cli`` puts them together."""
