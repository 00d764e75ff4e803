"""The contract between the shop's services: the rules for field values, beside the generated stubs in `hipstershop`."""
