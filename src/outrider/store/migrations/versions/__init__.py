"""One module a revision; a revision is never changed once it was released."""
