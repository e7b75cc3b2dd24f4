"""How people say no, in their languages: a lexicon a language (YAML beside this), and what reads a text by them."""
