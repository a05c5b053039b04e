"""Judging by language models: endpoints, prompts, and what their replies mean. No Django."""
