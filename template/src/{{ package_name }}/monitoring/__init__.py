"""Is the model still right for the data it meets? Quality, drift and performance of a production window."""
