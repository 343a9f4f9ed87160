"""Which ticket a mail belongs to. Import its modules by full name: the standard library owns the short one."""
