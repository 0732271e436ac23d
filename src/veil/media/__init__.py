"""The only room that knows codecs."""
