"""What it costs that files are read and written by processes behind fences."""
