"""The judgement: pure functions from what is known to what is done, one module a matter."""
