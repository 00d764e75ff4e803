"""What the previews of a change say, as reviewers read it in its pull request."""
