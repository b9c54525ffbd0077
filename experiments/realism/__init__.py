"""How real a world looks: its figures beside published ones of the real network."""
