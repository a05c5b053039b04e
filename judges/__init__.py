"""WHO decides: machine judges, juries, people, records, surrogates. Imports arena."""
