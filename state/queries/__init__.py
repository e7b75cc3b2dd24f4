"""Named, set-based statements. Each does its work for a whole batch; none is called once a person."""
