"""Labels as typed values, and their values on each frame: pure computation."""
