"""Key frames and segments to one value per frame: pure computation."""
