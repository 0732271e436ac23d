"""How many labelled faces are covered, and how much is covered needlessly: python benchmarks/recall FOLDER."""
