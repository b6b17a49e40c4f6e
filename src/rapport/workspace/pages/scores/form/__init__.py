"""A definition as a form: fields over the same document that the text shows."""
