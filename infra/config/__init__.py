"""The settings of stacks: the files in stacks/, typed and checked before anything is created."""
