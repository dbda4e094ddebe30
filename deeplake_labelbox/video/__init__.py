"""Videos and masks: fetch, decode, encode."""
