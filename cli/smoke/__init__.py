"""Whether the shop sells: something is bought through its public address, with a card of tests."""
