"""What a sweep says: what drives results, when a portfolio fails, what is robust, what to find out."""
