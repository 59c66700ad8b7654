"""Random but plausible requests to a tracking server, area by area; see differential.py."""
