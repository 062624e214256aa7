"""What makes a release: files that are built twice and checked, a bill of materials, checksums and a signature."""
