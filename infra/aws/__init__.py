"""Everything that an environment has in AWS and Cloudflare: one module a concern, each with one component."""
