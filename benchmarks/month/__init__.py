"""A month at a desk of 20 agents, in minutes: does every ticket always have somebody, and is every customer told?

It stands with the measurements, beside `make bench`: it takes minutes, it prints figures, and what it tells is how well
the desk does over time. A small month is played by the tests, and there it is shown that each bar can be missed.
"""
