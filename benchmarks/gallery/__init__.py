"""Every notice as its reader sees it: rendered, measured in a browser, weighed by a spam filter, and drawn."""
