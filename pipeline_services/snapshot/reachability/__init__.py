"""Who can connect to whom: sets of ports, what the rules of NetworkPolicies open, and what that is for a snapshot."""
