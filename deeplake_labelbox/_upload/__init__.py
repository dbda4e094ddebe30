"""Videos into Labelbox: from files and URLs to data rows of a project that is ready to label."""
