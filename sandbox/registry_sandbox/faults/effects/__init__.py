"""What a fault does: one module for each effect."""
