"""Trends: windows of counts and the formulas over them."""
