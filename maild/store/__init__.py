"""What we keep. Nothing outside this folder sees a table."""
