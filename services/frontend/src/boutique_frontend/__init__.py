"""The storefront: server-rendered pages."""
