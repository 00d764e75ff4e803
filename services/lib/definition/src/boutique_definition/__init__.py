"""What a service says about itself: service.yaml, typed and checked, for whatever runs services."""
