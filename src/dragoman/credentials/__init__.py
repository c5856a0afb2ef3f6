"""What we show to an API: the owner's `auth` matched with what its description asks for."""
