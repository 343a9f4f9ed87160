"""How fast the house is, told as ratios to a bare SMTP server in the same run."""
