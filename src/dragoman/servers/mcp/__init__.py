"""The MCP server: the tools of one configuration for an MCP client."""
