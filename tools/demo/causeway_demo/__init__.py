"""The demo: two brokers, two small chat servers, one conversation. Started by `causeway demo`."""
