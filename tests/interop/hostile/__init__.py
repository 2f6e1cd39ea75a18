"""A homeserver that lies, against a running broker: each test says what must happen, and that others notice nothing."""
