"""What is written down: claims on writes, approvals, and the record of calls and answers."""
