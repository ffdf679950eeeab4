"""From what a scenario file says to the capacity and coverage that rules read."""
