"""Pages: each module draws one, with ``show``."""
