"""The studio: one page that takes photos, shows what was found, and gives the covered ones back."""
