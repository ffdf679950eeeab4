"""Who acts: institutions, few and different, as Mesa agents."""
