"""Shoppers, simulated with k6, who check every answer.

They shop at the second storefront, through the web-gateway, and have no twin in Python with Locust: the load generator
is that already, at the first storefront. Both storefronts sell from the same catalog, carts, checkout and payment: a
twin would load again what is loaded, and its checks would have to be kept true to the same contract as those of
`shopper.js`. Whoever wants load runs more users of either; whoever wants to know whether answers are right reads here.
"""
