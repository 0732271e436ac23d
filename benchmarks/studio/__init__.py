"""How the studio bears many clients at once, what it costs beside the command line, and what kill -9 does to it."""
