"""How the model is computed: states, keyed draws, columns, sparse sampling, the population and its cache."""
