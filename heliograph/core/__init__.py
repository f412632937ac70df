"""The ground every part stands on: configuration, errors, time, Valkey, numbers. No product noun lives here."""
