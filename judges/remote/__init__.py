"""A judge of the user's own behind a URL: what is sent, how it is signed, where it may go."""
