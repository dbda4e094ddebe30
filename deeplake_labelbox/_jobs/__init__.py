"""The verbs that make datasets, and inspect what they are made from."""
