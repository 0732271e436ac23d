"""Sound that no longer tells who spoke: samples in, altered samples out. Knows neither files nor codecs."""
