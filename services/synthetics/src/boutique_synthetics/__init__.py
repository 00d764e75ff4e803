"""Shoppers, simulated with k6, who check every answer.

They shop at the second storefront, through the web-gateway's HTTP and JSON; its own script is what the contract of the
ecommerce app asks for, so there is no second set of shoppers in Python here. The load generator is that one: it shops
with Locust at the first storefront, and both end up at the same catalog, carts, checkout and payment. A Locust twin
would load the same services a third time, and would have to be kept true to the same contract as `shopper.js`.
"""
