"""All operations of one configuration: which are served, by what id, and how they are found."""
