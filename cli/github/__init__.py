"""GitHub's REST API, as far as the pipelines' comments and issues need it."""
