"""Reports the previews of a change in its pull request."""
