"""What a home feed must be, said twice: once by the network, once by twenty lines that know nothing of it."""
