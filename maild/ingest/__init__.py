"""How mail comes in, and what it says."""
