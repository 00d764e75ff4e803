"""Synthetic monitoring: shoppers simulated with k6 that check every response of the second storefront.

The load generator puts load on the first storefront with Locust. Both storefronts use the same services, so there is no
Locust version of these shoppers: it would only repeat that load and these checks.
"""
