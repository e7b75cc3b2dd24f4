"""People: who they are, where they come from, and how they leave."""
