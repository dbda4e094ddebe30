"""Deep Lake: columns, frames, annotations."""
