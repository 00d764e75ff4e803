"""What a stack's plan is paid for: each thing, the setting that drives it, and AWS' list price."""
