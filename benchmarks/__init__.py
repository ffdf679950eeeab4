"""Time and memory: one reduced rule set on three engines, and the whole country on ours."""
