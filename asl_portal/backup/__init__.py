"""Taking the whole portal away in one file, and bringing it back: `./portal manage backup` and `restore` (docs/backup.md)."""
