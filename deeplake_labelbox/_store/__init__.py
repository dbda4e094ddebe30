"""Deep Lake datasets: how they are laid out, written and read."""
