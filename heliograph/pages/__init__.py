"""What people see: ids in, displayable things for *this viewer* out. Only a page reads from several nouns."""
