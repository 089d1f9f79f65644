"""Values to text or JSON."""
