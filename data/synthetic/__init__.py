"""The world: people, graph, text and behaviour; the truth stays here. Imported by `experiments` and `tests` alone."""
