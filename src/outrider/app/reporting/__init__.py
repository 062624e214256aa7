"""Reports of periods and runs, as documents and by mail."""
