"""What formats cost and what they promise: one file for each part, run by `__main__`."""
