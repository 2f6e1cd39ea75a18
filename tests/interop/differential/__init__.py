"""The same generated rooms through a real Synapse and through the broker: both must judge every event alike."""
