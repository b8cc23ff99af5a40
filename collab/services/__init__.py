"""What can be done in a session: `sessions`, `invites`, `text`, `versions`, `fields`, `comments`, `awareness`."""
