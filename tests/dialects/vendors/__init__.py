"""The vendors' own SDKs as judges of what we emit: whether their types accept it, and what their clients make of it."""
