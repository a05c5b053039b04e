"""The shapes of requests and answers that are not records, as pydantic models."""
