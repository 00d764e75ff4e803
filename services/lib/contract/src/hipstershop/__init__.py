"""The wire between the services, generated from protos/hipstershop/shop.proto by `boutique dev protos`."""
