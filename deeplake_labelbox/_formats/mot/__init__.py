"""Read and write MOTChallenge text."""
