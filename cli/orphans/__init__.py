"""What still stands as a stack's: after a destroy, all that went wrong with it; before one, the stack itself."""
