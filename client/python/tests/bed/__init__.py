"""What the tests stand on: the real programs, private servers, and both forms of the client."""
