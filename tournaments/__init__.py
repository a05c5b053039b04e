"""HOW decisions become an order: formats, ratings, reports. Imports judges and arena."""
