"""Words that fit at the cursor."""
