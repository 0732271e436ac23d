"""The command that checks audit logs, and what other commands need to add to one."""
