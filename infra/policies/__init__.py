"""The policy pack: rules for every stack, whatever its program does. See docs/policies.md."""
