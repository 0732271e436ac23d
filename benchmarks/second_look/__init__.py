"""How many faces that were left uncovered does the second look name: python benchmarks/second_look FOLDER."""
