"""MOTChallenge text."""
