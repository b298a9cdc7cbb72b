"""Revisions of a key that several stores have: their tree, the winner, and the siblings that lost."""
