"""The questions asked: the command line, training, evaluation, comparison, feeds, the demo and benches."""
