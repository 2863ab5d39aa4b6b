"""Tables of measured numbers, as the book shows them."""
