"""Starts the servers, sends the corpus, compares the decisions, measures."""
