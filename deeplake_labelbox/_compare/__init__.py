"""Two sets of labels of the same videos, compared frame by frame."""
