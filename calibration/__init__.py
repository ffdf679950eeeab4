"""From official series to a posterior, and how well the model stands up to what it was not fitted to."""
