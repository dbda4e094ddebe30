"""What a project's videos are, before anything is decoded."""
