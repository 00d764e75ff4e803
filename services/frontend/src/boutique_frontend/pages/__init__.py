"""The storefront's pages. Each handler calls the services it needs concurrently and renders a template."""
