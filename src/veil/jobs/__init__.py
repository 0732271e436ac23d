"""The desk behind the studio: photos handed in, looked at once, covered as often as the style changes, then gone."""
