"""The policy pack: what no environment may be, whatever its program says. See docs/policies.md."""
