"""What happens on the way: one layer a file. Transforms change keys or values; policies decide."""
