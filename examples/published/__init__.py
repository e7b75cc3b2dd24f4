"""Three published data sets, row by row into the shipped campaigns, and the books of what came of it."""
