"""The ledger: what was acknowledged, what is in the topic, what is stored, and what is missing between them."""
