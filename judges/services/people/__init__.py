"""People as judges: who takes part, what they are asked, and what becomes of their answers."""
