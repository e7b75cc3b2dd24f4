"""Programs that show rekindle at work on input of somebody else's making."""
