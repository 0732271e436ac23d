"""Files that nobody vouches for are decoded and encoded in processes that can do nothing else; see docs/sandbox.md."""
