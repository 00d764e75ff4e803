"""The commands that CircleCI's jobs run: `boutique ci …`. The jobs themselves are in `.circleci/continue.yml`."""
