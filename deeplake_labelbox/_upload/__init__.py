"""Upload files and URLs to Labelbox as data rows of a project that is ready to label."""
