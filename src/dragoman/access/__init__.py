"""Who calls, and what the owner's file lets them do."""
