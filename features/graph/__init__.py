"""Algorithms over the follow graph and over who engaged what: PageRank, Louvain, SimClusters."""
