"""Mail that nobody would write: whatever comes, it is read, in time, and what is understood of it holds together."""
