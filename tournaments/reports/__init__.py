"""What is drawn from a rating run: figures, pictures and whole documents, one file each."""
