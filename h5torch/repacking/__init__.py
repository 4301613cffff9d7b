"""Rewriting a file with its bytes laid out anew: facts, a plan, and the doers that carry it out."""
