"""What people read and change in a store: runs, notes, views, users, tokens, releases."""
