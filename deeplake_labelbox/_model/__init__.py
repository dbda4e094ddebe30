"""Labels as typed values, and their values in each frame: pure computation."""
