"""The page: what the receiver plays, drawn in a browser."""
